"""What kube-state-metrics and the kubelet would tell of the CronJobs of this test, as text for a Pushgateway: no cluster is there."""


def exposed(cronjobs, now, cpu):
    """`cronjobs`: [(namespace, cronjob, state of its one Job: complete, failed or active)]; `cpu`: seconds used so far, of twice as many periods."""
    families = {}

    def tell(name, value, **labels):
        pairs = ", ".join(f'{label}="{text}"' for label, text in labels.items())
        families.setdefault(name, []).append(f"{name}{{{pairs}}} {value}")

    for namespace, cronjob, state in cronjobs:
        of_cronjob = {"cluster": "eu", "namespace": namespace, "cronjob": cronjob}
        tell("kube_cronjob_info", 1, **of_cronjob)
        tell("kube_cronjob_created", now - 1e6, **of_cronjob)
        tell("kube_cronjob_spec_suspend", 0, **of_cronjob)
        tell("kube_cronjob_next_schedule_time", now + 86400, **of_cronjob)
        tell("kube_cronjob_status_last_schedule_time", now - 60, **of_cronjob)
        tell("kube_cronjob_status_last_successful_time", now - 3600, **of_cronjob)
        tell("kube_cronjob_status_active", int(state == "active"), **of_cronjob)
        of_job = {"cluster": "eu", "namespace": namespace, "job_name": f"{cronjob}-1"}
        tell("kube_job_owner", 1, **of_job, owner_kind="CronJob", owner_name=cronjob)
        tell("kube_job_created", now - 60, **of_job)
        tell("kube_job_status_active", int(state == "active"), **of_job)
        tell("kube_job_status_succeeded", int(state == "complete"), **of_job)
        tell("kube_job_status_failed", int(state == "failed"), **of_job)
        if state != "active":
            tell(f"kube_job_{state}", 1, **of_job, condition="true")
        of_pod = {"cluster": "eu", "namespace": namespace, "pod": f"{cronjob}-1-x"}
        tell("kube_pod_owner", 1, **of_pod, owner_kind="Job", owner_name=f"{cronjob}-1")
        of_run = {**of_pod, "container": "run"}
        if state != "active":
            tell("kube_pod_container_status_terminated_reason", 1, **of_run, reason="Completed" if state == "complete" else "Error")
        tell("kube_pod_container_resource_limits", 0.5, **of_run, resource="cpu")
        tell("kube_pod_container_resource_limits", 2**27, **of_run, resource="memory")
        tell("container_memory_working_set_bytes", 5e7, **of_run)
        tell("container_cpu_usage_seconds_total", cpu, **of_run)
        tell("container_cpu_cfs_periods_total", 2 * cpu, **of_run)
        tell("container_cpu_cfs_throttled_periods_total", cpu / 4, **of_run)
    kinds = {name: "counter" if name.endswith("_total") else "gauge" for name in families}
    return "".join(f"# TYPE {name} {kinds[name]}\n" + "\n".join(lines) + "\n" for name, lines in families.items()).encode()
