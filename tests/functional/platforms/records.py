"""Platforms that keep records: repositories, shops, payments, customers, contents."""

import base64
import calendar
import datetime
import decimal
import json
import time
import urllib.parse

from .platform import DAYS, Platform, utc


def cursor(number):
    """A token that nobody is to understand."""
    return base64.urlsafe_b64encode(f"at {number}".encode()).decode()


def place(token):
    """What cursor() was made of; None of anything else."""
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("at "))
    except ValueError:
        return None


class Plain(Platform):
    """It tells no total; its last page is full."""

    example = "offset_api"
    environment = {"SHOP_TOKEN": "shop-hunter2"}
    wrong = "SHOP_TOKEN"
    settings = ("--set", "source.auth.token=${SHOP_TOKEN}")
    proof = "pages"
    most = 200
    rows = 400

    def answer(self, asked):
        query = dict(asked.query)
        if asked.headers.get("Authorization") != "Bearer " + self.environment["SHOP_TOKEN"]:
            self.refuse(401, {"error": "unauthorized"})
        if asked.headers.get("X-Client") != "pagehaul" or query.get("sort") != "id" or asked.path != "/v1/orders":
            self.refuse(400, {"error": "X-Client, sort"})
        self.turn_away(2, 502, b"<html>Bad Gateway</html>")
        size, first = self.number(query.get("limit")), self.number(query.get("offset"), 0)
        if size is None or first is None or size > self.most:
            self.refuse(400, {"error": "limit: at most 200"})
        return {"orders": self.records(first, size, region=query["region"])}

    def record(self, number, region):
        return {"id": self.id(number, region), "times": {"placed": "2026-11-01T10:00:00+01:00"},
                "amount": {"value": f"{number}.5", "currency": "EUR"}, **({"paid": True} if number % 2 else {})}

    @staticmethod
    def id(number, region):
        return f"{('eu', 'us', 'apac').index(region):08}-0000-4000-8000-{number:012}"

    def row(self, number, region):
        return (self.id(number, region), region, utc("2026-11-01T09:00:00"), decimal.Decimal(f"{number}.5"), "EUR", True if number % 2 else None)


class GitHub(Platform):
    example = "github_issues"
    environment = {"GITHUB_TOKEN": "github-hunter2"}
    wrong = "GITHUB_TOKEN"
    beyond_most = "cut"
    proof = "chain"

    def answer(self, asked):
        query = dict(asked.query)
        if not asked.headers.get("User-Agent"):
            self.refuse(403, {"message": "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."})
        if asked.headers.get("Authorization") != "Bearer " + self.environment["GITHUB_TOKEN"]:
            self.refuse(401, {"message": "Bad credentials"})
        _, repos, owner, repository, issues = asked.path.split("/")
        if (repos, owner, issues) != ("repos", "example", "issues") or repository not in ("engine", "docs"):
            self.refuse(404, {"message": "Not Found"})
        self.turn_away(3, 403, {"message": "API rate limit exceeded"}, X_RateLimit_Limit=5000, X_RateLimit_Remaining=0,
                       X_RateLimit_Reset=int(time.time()) + 1)
        if query.get("state") != "all" or query.get("sort") != "created":
            return []  # all are closed, and who asks by another order is told other pages
        size = min(int(query.get("per_page", 30)), self.most)
        first = place(query["after"]) if "after" in query else 0
        if first is None:
            self.refuse(422, {"message": "Validation Failed"})
        query["after"], headers = cursor(first + size), {"X-RateLimit-Remaining": 4999}
        if first + size < self.rows:
            headers["Link"] = f'<{self.url}{asked.path}?{urllib.parse.urlencode(query)}>; rel="next"'
        return 200, headers, self.records(first, size)

    def record(self, number, **slice):
        record = {"id": 9_000_000 + number, "number": number + 1, "title": f"Issue “{number}”", "state": "closed", "comments": number % 4,
                  "user": None if number == 7 else {"login": f"user-{number % 5}", "id": number % 5}, "labels": [{"name": "bug"}],
                  "created_at": "2026-11-01T10:00:00Z", "closed_at": None if number % 2 else "2026-11-02T11:30:00Z"}
        return {**record, "pull_request": {"url": f"https://api.github.com/pulls/{number}"}} if number % 3 == 0 else record

    def row(self, number, owner, repository):
        return (f"{owner}/{repository}", number + 1, f"Issue “{number}”", "closed", None if number == 7 else f"user-{number % 5}", number % 4,
                [{"name": "bug"}], None if number % 3 else f"https://api.github.com/pulls/{number}", utc("2026-11-01T10:00:00"),
                None if number % 2 else utc("2026-11-02T11:30:00"))


class GitHubComments(GitHub):
    """Its issues, and as many comments of each as the issue says."""

    example = "github_comments"

    def answer(self, asked):
        path = asked.path.split("/")
        if path[-1] != "comments":
            return super().answer(asked)
        if asked.headers.get("Authorization") != "Bearer " + self.environment["GITHUB_TOKEN"]:
            self.refuse(401, {"message": "Bad credentials"})
        issue = self.number(path[5])
        if len(path) != 7 or path[3] not in ("engine", "docs") or issue is None or issue > self.rows:
            self.refuse(404, {"message": "Not Found"})
        return 200, {"X-RateLimit-Remaining": 4998}, [self.comment(path[3], issue, number) for number in range((issue - 1) % 4)]

    @staticmethod
    def comment(repository, issue, number):
        return {"id": issue * 10 + number + (100_000 if repository == "docs" else 0), "user": None if number == 2 else {"login": f"user-{number}"},
                "body": f"comment {number} of {issue}", "created_at": "2026-11-03T09:00:00Z"}

    def comments(self):
        """What the table has of them."""
        return sorted((comment["id"], f"example/{repository}", issue, (comment["user"] or {}).get("login"), comment["body"], utc("2026-11-03T09:00:00"))
                      for repository in ("engine", "docs") for issue in range(1, self.rows + 1)
                      for comment in (self.comment(repository, issue, number) for number in range((issue - 1) % 4)))


class Shopify(Platform):
    example = "shopify_orders"
    environment = {"SHOPIFY_TOKEN": "shpat-hunter2"}
    wrong = "SHOPIFY_TOKEN"
    days = "day"
    most = 250
    beyond_most = "cut"
    proof = "chain"
    rows = 600

    def answer(self, asked):
        query = dict(asked.query)
        if asked.headers.get("X-Shopify-Access-Token") != self.environment["SHOPIFY_TOKEN"]:
            self.refuse(401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})
        if asked.path != "/admin/api/2025-10/orders.json":
            self.refuse(404, {"errors": "Not Found"})
        self.turn_away(3, 429, {"errors": "Exceeded 2 calls per second for api client."}, Retry_After="2.0",
                       X_Shopify_Shop_Api_Call_Limit="40/40")
        size = min(int(query.get("limit", 50)), self.most)
        if "page_info" in query:
            day, _, first = query["page_info"].partition("*")
            if set(query) - {"page_info", "limit", "fields"} or place(first) is None:
                self.refuse(400, {"errors": {"page_info": "Invalid value."}})
            first = place(first)
        else:
            day, first = query["updated_at_min"][:10], 0
            if query.get("status") != "any":
                return {"orders": []}
        headers = {}
        if first + size < self.rows:
            query = urllib.parse.urlencode({"limit": size, "page_info": f"{day}*{cursor(first + size)}"})
            headers["Link"] = f'<{self.url}{asked.path}?{query}>; rel="next"'
            if first:
                headers["Link"] = f'<{self.url}{asked.path}?limit={size}&page_info=x>; rel="previous", ' + headers["Link"]
        return 200, headers, {"orders": self.records(first, size, day=day)}

    def record(self, number, day):
        return {"id": self.id(number, day), "name": f"#{number}", "email": "" if number % 4 == 0 else f"u{number}@example.com",
                "total_price": f"{number}.90", "currency": "EUR", "financial_status": "paid", "line_items": [{"sku": f"s-{number}", "quantity": 1}],
                "created_at": f"{day}T09:00:00+01:00", "updated_at": f"{day}T10:00:00+01:00"}

    def row(self, number, day):
        return (self.id(number, day), f"#{number}", None if number % 4 == 0 else f"u{number}@example.com", decimal.Decimal(f"{number}.90"), "EUR", "paid",
                [{"sku": f"s-{number}", "quantity": 1}], utc(f"{day}T08:00:00"), utc(f"{day}T09:00:00"))

    @staticmethod
    def id(number, day):
        return 450_000_000_000 + 1000 * DAYS.index(day) + number


class Stripe(Platform):
    example = "stripe_charges"
    environment = {"STRIPE_KEY": "rk-hunter2"}
    wrong = "STRIPE_KEY"
    days = "day"
    proof = "chain"

    def error(self, message, **more):
        return {"error": {"type": "invalid_request_error", "message": message, **more}}

    def answer(self, asked):
        query = dict(asked.query)
        if asked.headers.get("Authorization") != "Bearer " + self.environment["STRIPE_KEY"]:
            self.refuse(401, self.error("Invalid API Key provided"))
        if unknown := set(query) - {"limit", "starting_after", "ending_before", "created[gte]", "created[lt]", "customer"}:
            self.refuse(400, self.error(f"Received unknown parameters: {unknown}", code="parameter_unknown"))
        self.turn_away(3, 429, self.error("Too many requests", code="rate_limit"))
        size = self.number(query.get("limit", "10"))
        if size is None or size > self.most:
            self.refuse(400, self.error("This value must be less than or equal to 100 (it currently is '101').", param="limit"))
        begin, end = int(query["created[gte]"]), int(query["created[lt]"])
        day = datetime.datetime.fromtimestamp(begin, datetime.timezone.utc).date().isoformat()
        if end - begin != 86_400 or begin % 86_400:
            self.refuse(400, self.error("a day was expected", param="created"))
        # The newest first.
        ids = [self.id(number, day) for number in range(self.rows)]
        after = query.get("starting_after")
        if after is not None and after not in ids:
            self.refuse(400, self.error(f"No such charge: '{after}'", code="resource_missing", param="starting_after"))
        first = ids.index(after) + 1 if after else 0
        return {"object": "list", "url": "/v1/charges", "has_more": first + size < self.rows, "data": self.records(first, size, day=day)}

    @staticmethod
    def id(number, day):
        return f"ch_{day[-2:]}{number:06}"

    def record(self, number, day):
        created = calendar.timegm(time.strptime(day, "%Y-%m-%d")) + 86_399 - number
        return {"id": self.id(number, day), "object": "charge", "created": created, "amount": number * 100, "currency": "eur", "status": "succeeded",
                "paid": number % 2 == 0, "customer": None if number % 3 else f"cus_{number}", "failure_code": None, "metadata": {"n": f"{number}"}}

    def row(self, number, day):
        return (self.id(number, day), utc(f"{day}T23:59:59") - datetime.timedelta(seconds=number), number * 100, "eur", "succeeded", number % 2 == 0,
                None if number % 3 else f"cus_{number}", None, {"n": f"{number}"})


class HubSpot(Platform):
    example = "hubspot_contacts"
    environment = {"HUBSPOT_TOKEN": "pat-hunter2"}
    wrong = "HUBSPOT_TOKEN"
    proof = "chain"

    def answer(self, asked):
        query = dict(asked.query)
        if asked.headers.get("Authorization") != "Bearer " + self.environment["HUBSPOT_TOKEN"]:
            self.refuse(401, {"status": "error", "category": "INVALID_AUTHENTICATION", "message": "Authentication credentials not found."})
        if asked.path != "/crm/v3/objects/contacts":
            self.refuse(404, {"status": "error", "category": "OBJECT_NOT_FOUND"})
        self.turn_away(3, 429, {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"})
        self.turn_away(5, 429, {"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY"})
        size, first = self.number(query.get("limit", "10")), self.number(query.get("after", "0"), 0)
        if size is None or first is None or size > self.most or query.get("archived") not in ("true", "false"):
            self.refuse(400, {"status": "error", "category": "VALIDATION_ERROR", "message": "limit must be at most 100"})
        told = query.get("properties", "").split(",")
        records = self.records(first, size, archived=query["archived"])
        for record in records:
            record["properties"] = {name: value for name, value in record["properties"].items() if name in told}
        page = {"results": records}
        if first + size < self.rows:
            page["paging"] = {"next": {"after": f"{first + size}", "link": f"{self.url}{asked.path}?after={first + size}"}}
        return page

    def record(self, number, archived):
        return {"id": f"{self.id(number, archived)}", "archived": archived == "true", "createdAt": "2026-11-01T08:00:00.125Z", "updatedAt": "2026-11-02T08:00:00Z",
                "properties": {"email": f"u{number}@example.com", "firstname": "Ann", "lastname": None, "lifecyclestage": "lead", "phone": "1"}}

    @staticmethod
    def id(number, archived):
        return 5000 + number + (1000 if archived == "true" else 0)

    def row(self, number, archived):
        return (self.id(number, archived), f"u{number}@example.com", "Ann", None, "lead", archived == "true", utc("2026-11-01T08:00:00.125"),
                utc("2026-11-02T08:00:00"))


class Salesforce(Platform):
    """A session ends after the second page."""

    example = "salesforce_accounts"
    environment = {"SALESFORCE_CLIENT_ID": "client-1", "SALESFORCE_CLIENT_SECRET": "client-hunter2"}
    wrong = "SALESFORCE_CLIENT_SECRET"
    most = 2000
    beyond_most = None  # the size is no parameter
    rows = 4700

    def __init__(self):
        self._sessions = 0
        super().__init__()

    def error(self, code, message="…"):
        return [{"message": message, "errorCode": code}]

    def answer(self, asked):
        if asked.path == "/services/oauth2/token":
            form = dict(urllib.parse.parse_qsl(asked.body.decode()))
            told = (form.get("grant_type"), form.get("client_id"), form.get("client_secret"))
            if told != ("client_credentials", *self.environment.values()):
                self.refuse(400, {"error": "invalid_client", "error_description": "invalid client credentials"})
            self._sessions += 1
            return {"access_token": f"session-hunter2-{self._sessions}", "instance_url": self.url, "token_type": "Bearer", "issued_at": "1"}
        query = "/services/data/v62.0/query"
        if asked.headers.get("Authorization") != f"Bearer session-hunter2-{self._sessions}" or (self._sessions == 1 and self._asked == 3):
            self.turned_away += 1
            return 401, {}, self.error("INVALID_SESSION_ID", "Session expired or invalid")
        self.turn_away(2, 403, self.error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
        if asked.path == query:
            if not dict(asked.query).get("q", "").startswith("SELECT Id, Name, Industry, AnnualRevenue, LastModifiedDate FROM Account"):
                self.refuse(400, self.error("MALFORMED_QUERY"))
            first = 0
        else:
            locator, _, first = asked.path.removeprefix(query + "/").rpartition("-")
            first = self.number(first)
            if locator != "01gRO0000016PIA" or first is None or asked.query:
                self.refuse(400, self.error("INVALID_QUERY_LOCATOR", "invalid query locator"))
        page = {"totalSize": self.rows, "done": first + self.most >= self.rows, "records": self.records(first, self.most)}
        return page if page["done"] else {**page, "nextRecordsUrl": f"{query}/01gRO0000016PIA-{first + self.most}"}

    def record(self, number):
        return {"attributes": {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/{number}"}, "Id": f"001RO{number:010}AAA", "Name": f"Firm {number}",
                "Industry": None if number % 2 else "Banking", "AnnualRevenue": None if number % 3 else number * 1.5e6,
                "LastModifiedDate": "2026-11-02T09:30:00.000+0000"}

    def row(self, number):
        return (f"001RO{number:010}AAA", f"Firm {number}", None if number % 2 else "Banking", None if number % 3 else decimal.Decimal(str(number * 1.5e6)),
                utc("2026-11-02T09:30:00"))


class WordPress(Platform):
    """Its last page is full, so that what is behind it has to be asked for."""

    example = "wordpress_posts"
    environment = {"WORDPRESS_USER": "editor", "WORDPRESS_PASSWORD": "abcd efgh hunter2"}
    wrong = "WORDPRESS_PASSWORD"
    rows = 300

    def error(self, code, status, **data):
        return {"code": code, "message": "…", "data": {"status": status, **data}}

    def answer(self, asked):
        query = dict(asked.query)
        user = base64.b64encode(":".join(self.environment.values()).encode()).decode()
        if asked.headers.get("Authorization") != "Basic " + user:
            self.refuse(401, self.error("incorrect_password", 401))
        if asked.path != "/wp-json/wp/v2/posts":
            self.refuse(404, self.error("rest_no_route", 404))
        self.turn_away(2, 503, b"Briefly unavailable for scheduled maintenance.")
        size, number = self.number(query.get("per_page", "10")), self.number(query.get("page", "1"))
        if size is None or number is None or size > self.most or query.get("orderby") not in ("id", "date", "modified"):
            self.refuse(400, self.error("rest_invalid_param", 400, params={"per_page": "per_page must be between 1 (inclusive) and 100 (inclusive)"}))
        if (number - 1) * size >= self.rows and number > 1:
            return 400, {}, self.error("rest_post_invalid_page_number", 400)
        headers = {"X-WP-Total": self.rows, "X-WP-TotalPages": -(-self.rows // size)}
        return 200, headers, self.records((number - 1) * size, size, edit=query.get("context") == "edit")

    def record(self, number, edit=True):
        title, content = {"rendered": f"&#8220;{number}&#8221;"}, {"rendered": "<p>…</p>"}
        if edit:
            title, content = {**title, "raw": f'"{number}"'}, {**content, "raw": f"text {number}"}
        return {"id": number + 1, "status": "publish", "slug": f"post-{number}", "title": title, "content": content, "author": 3, "categories": [1, number],
                "date_gmt": "2026-11-01T07:00:00", "modified_gmt": "2026-11-02T07:00:00"}

    def row(self, number):
        return (number + 1, "publish", f"post-{number}", f'"{number}"', f"text {number}", 3, [1, number], utc("2026-11-01T07:00:00"), utc("2026-11-02T07:00:00"))


class Notion(Platform):
    example = "notion_database"
    environment = {"NOTION_TOKEN": "ntn-hunter2"}
    wrong = "NOTION_TOKEN"
    proof = "chain"

    def error(self, status, code):
        return {"object": "error", "status": status, "code": code, "message": "…"}

    def answer(self, asked):
        if asked.headers.get("Authorization") != "Bearer " + self.environment["NOTION_TOKEN"]:
            self.refuse(401, self.error(401, "unauthorized"))
        if asked.headers.get("Notion-Version") != "2025-09-03":
            self.refuse(400, self.error(400, "missing_version"))
        self.turn_away(3, 429, self.error(429, "rate_limited"), Retry_After="1")
        if asked.method != "POST" or asked.path != "/v1/data_sources/2f26ee68-df30-4251-aad4-8ddc420cba3d/query":
            self.refuse(404, self.error(404, "object_not_found"))
        body = json.loads(asked.body)
        size, first = body.get("page_size", 100), place(body["start_cursor"]) if "start_cursor" in body else 0
        if set(body) - {"page_size", "start_cursor", "sorts", "filter"} or not isinstance(size, int) or size > self.most or first is None:
            self.refuse(400, self.error(400, "validation_error"))
        more = first + size < self.rows
        return {"object": "list", "results": self.records(first, size), "next_cursor": cursor(first + size) if more else None, "has_more": more,
                "type": "page_or_data_source", "page_or_data_source": {}}

    def record(self, number, **slice):
        title = [] if number == 4 else [{"type": "text", "plain_text": f"Task {number}"}]
        return {"object": "page", "id": f"5331da24-6597-4f2d-a684-{number:012}",
                "created_time": "2026-11-01T06:00:00.000Z", "last_edited_time": "2026-11-02T06:00:00.000Z",
                "properties": {"Name": {"id": "title", "type": "title", "title": title},
                               "Status": {"id": "x", "type": "select", "select": None if number % 2 else {"name": "Done"}}}}

    def row(self, number, data_source):
        return (f"5331da24-6597-4f2d-a684-{number:012}", data_source, None if number == 4 else f"Task {number}", None if number % 2 else "Done",
                self.record(number)["properties"], utc("2026-11-01T06:00:00"), utc("2026-11-02T06:00:00"))
