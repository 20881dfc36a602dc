"""Google Analytics' reports."""

import base64
import decimal
import json
import pathlib
import subprocess
import tempfile
import urllib.parse

from .platform import DAYS, Platform, day


class GoogleAnalytics(Platform):
    """Rows on the first of both days; the second is a report without rows, which says neither how many there are."""

    example = "google_analytics"
    environment = {"GA_CLIENT_EMAIL": "puller@example.iam.gserviceaccount.com"}
    wrong = "GA_CLIENT_EMAIL"
    days = "date"
    most = 250_000
    beyond_most = "cut"
    proof = "pages"  # of the second day nothing was counted
    rows = 2350

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="pagehaul-ga-")
        folder = pathlib.Path(self._folder.name)
        self.key, self._public, self._signature = folder / "key.pem", folder / "public.pem", folder / "signature"
        for command in (["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key],
                        ["pkey", "-in", self.key, "-pubout", "-out", self._public]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        super().__init__()
        self.settings = ("--set", f"source.auth.jwt.key=${{file:{self.key}}}", "--set", "source.pagination.size=1000")
        ours = self.close
        self.close = lambda: (ours(), self._folder.cleanup())

    def slices(self):
        return [slice for slice in super().slices() if slice["date"] == DAYS[0]]

    def error(self, code, status, message):
        return {"error": {"code": code, "message": message, "status": status}}

    def answer(self, asked):
        if asked.path == "/token":
            return self.grant(dict(urllib.parse.parse_qsl(asked.body.decode())))
        if asked.headers.get("Authorization") != "Bearer ya29-hunter2":
            self.refuse(401, self.error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
        if asked.method != "POST" or asked.path != "/v1beta/properties/123456789:runReport":
            self.refuse(403, self.error(403, "PERMISSION_DENIED", "User does not have sufficient permissions for this property."))
        body = json.loads(asked.body)
        known = {"dateRanges", "dimensions", "metrics", "orderBys", "limit", "offset", "keepEmptyRows", "dimensionFilter", "metricFilter"}
        size, first = self.number(body.get("limit", 10_000)), self.number(body.get("offset", 0), 0)
        if set(body) - known or size is None or first is None or len(body["dimensions"]) > 9 or len(body["metrics"]) > 10:
            self.refuse(400, self.error(400, "INVALID_ARGUMENT", "Invalid JSON payload received."))
        self.turn_away(3, 429, self.error(429, "RESOURCE_EXHAUSTED", "Exhausted concurrent requests quota."))
        (days,) = body["dateRanges"]
        headers = {"dimensionHeaders": body["dimensions"], "metricHeaders": [{**one, "type": "TYPE_INTEGER"} for one in body["metrics"]],
                   "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Berlin"}, "kind": "analyticsData#runReport"}
        if days["startDate"] != DAYS[0]:
            return headers
        return {**headers, "rows": self.records(first, min(size, self.most), date=days["startDate"]), "rowCount": self.rows}

    def grant(self, form):
        header, claims, signature = form.get("assertion", "..").split(".")
        self._signature.write_bytes(self.decoded(signature))
        verified = subprocess.run(["openssl", "dgst", "-sha256", "-verify", self._public, "-signature", self._signature],
                                  input=f"{header}.{claims}".encode(), capture_output=True).returncode == 0
        claims = json.loads(self.decoded(claims))
        known = (claims.get("iss"), claims.get("aud"), claims.get("scope")) == (
            self.environment["GA_CLIENT_EMAIL"], self.url + "/token", "https://www.googleapis.com/auth/analytics.readonly")
        if not verified or not known or claims["exp"] - claims["iat"] > 3600 or form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            self.refuse(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        return {"access_token": "ya29-hunter2", "expires_in": 3599, "token_type": "Bearer"}

    @staticmethod
    def decoded(part):
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    def record(self, number, date, **slice):
        return {"dimensionValues": [{"value": date.replace("-", "")}, {"value": f"/page/{number}"}],
                "metricValues": [{"value": f"{number * 3}"}, {"value": f"{number}"}, {"value": f"{number / 4}"}]}

    def row(self, number, property, date):
        return (int(property), day(date), f"/page/{number}", number * 3, number, decimal.Decimal(str(number / 4)))
