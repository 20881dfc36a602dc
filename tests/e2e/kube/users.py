"""A namespace whose pods get a user of the cluster's choice, as OpenShift's SCC restricted-v2 does it: a range of users for each namespace, the first of which
a pod gets that names none; no other is admitted. The group is 0."""

import json

from harness.waiting import eventually

FIRST, MANY = 1000660000, 10000
REFUSAL = f"must be in the ranges: [{FIRST}, {FIRST + MANY - 1}]"
_FILLS = f"Object{{spec: Object.spec{{securityContext: Object.spec.securityContext{{runAsUser: {FIRST}, fsGroup: {FIRST}}}}}}}"
_KINDS = {
    "MutatingAdmissionPolicy": ("v1beta1", {
        "reinvocationPolicy": "Never", "matchConditions": [{"name": "names-none", "expression": "!has(object.spec.securityContext.runAsUser)"}],
        "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": _FILLS}}]}, {}),
    "ValidatingAdmissionPolicy": ("v1", {
        "validations": [{"expression": f"object.spec.securityContext.runAsUser == {FIRST} && !has(object.spec.securityContext.runAsGroup)", "message": REFUSAL}]},
        {"validationActions": ["Deny"]})}


class Users:
    def __init__(self, namespace):
        self._namespace = namespace
        constraints = {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
                       "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}}
        objects = []
        for kind, (version, policy, binding) in _KINDS.items():
            of_all = {"apiVersion": f"admissionregistration.k8s.io/{version}", "metadata": {"name": namespace.name}}
            objects += [{**of_all, "kind": kind, "spec": {"matchConstraints": constraints, "failurePolicy": "Fail", **policy}},
                        {**of_all, "kind": kind + "Binding", "spec": {"policyName": namespace.name, **binding}}]
        self._objects = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        namespace.cluster.kubectl("create", "--filename", "-", stdin=self._objects)
        # The server looks for new ones once a second or so.
        eventually(lambda: REFUSAL in self._asked(FIRST - 1).stderr and self._asked(None).returncode == 0, 30, "both policies are at work", 0.2)

    def _asked(self, user):
        """What the server says to a pod of this user, or of none, without making it."""
        own = {} if user is None else {"runAsUser": user}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked"}, "spec": {
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}, **own}, "containers": [{
                "name": "run", "image": "none", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}
        return self._namespace.kubectl("create", "--dry-run=server", "--filename", "-", stdin=json.dumps(pod), check=False)

    def close(self):
        self._namespace.cluster.kubectl("delete", "--filename", "-", stdin=self._objects)
