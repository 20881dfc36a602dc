"""Platforms of advertisers. HTTP 200 whatever happens; what is meant is in the envelope's code."""

import decimal
import json

from .platform import DAYS, Platform, day

DAY = DAYS[1]


class Xiaohongshu(Platform):
    environment = {"ACCESS_TOKEN": "access-hunter2"}
    wrong = "ACCESS_TOKEN"
    days = "date"

    @staticmethod
    def says(code, msg, data=None):
        return {"code": code, "success": code == 0, "msg": msg, "request_id": "r", "data": data}

    def body(self, asked):
        """The request's, as far as all reports have one rule."""
        if asked.headers.get("Access-Token") != self.environment["ACCESS_TOKEN"]:
            self.refuse(200, self.says(410019, "access_token 无效"))
        if asked.method != "POST" or not asked.headers.get("Content-Type", "").startswith("application/json"):
            self.refuse(200, self.says(10002, "参数错误: POST application/json"))
        body = json.loads(asked.body)
        if not isinstance(body.get("advertiser_id"), int) or not body.get("start_date", "") <= body.get("end_date", ""):
            self.refuse(200, self.says(10002, "参数错误: advertiser_id, start_date, end_date"))
        self.turn_away(3, 200, self.says(10004, "请求频繁，请稍后重试"))
        self.turn_away(6, 200, self.says(10005, "系统错误"))
        return body

    def check_page(self, number, size):
        if not isinstance(number, int) or number < 1 or not isinstance(size, int) or not 1 <= size <= self.most:
            self.refuse(200, self.says(10002, f"参数错误: 每页 1 到 {self.most} 条"))

    @staticmethod
    def fee(number):
        return decimal.Decimal(1000 * number + 3) / 4


class XiaohongshuOffline(Xiaohongshu):
    example = "xiaohongshu_creative_report"
    most = 500

    def answer(self, asked):
        if asked.path != "/api/open/jg/data/report/offline/creative":
            self.refuse(404, {})
        body = self.body(asked)
        number, size = body.get("page_num", 1), body.get("page_size", 20)
        self.check_page(number, size)
        if body.get("time_unit") not in ("DAY", "HOUR", "SUMMARY") or body["start_date"] != body["end_date"]:
            self.refuse(200, self.says(10002, "参数错误: time_unit"))
        records = self.records((number - 1) * size, size, date=body["start_date"])
        for record in records:  # what is not asked for comes as 0, without a word
            record.update({name: "0" for name in ("fee", "impression", "click", "note") if name not in body.get("columns", ())})
        return self.says(0, "成功", {"data_list": records, "total_count": self.rows, "aggregation_data": {}})

    def record(self, number, date, advertiser_id=None):
        return {"date": date, "creativity_id": f"{5_000_000_000 + number}", "fee": "-" if number % 7 == 0 else f"￥{self.fee(number):,}",
                "impression": f"{number * 10}", "click": "-" if number % 5 == 0 else f"{number}", "note": f"笔记{number}"}

    def row(self, number, date, advertiser_id):
        return (int(advertiser_id), day(date), 5_000_000_000 + number, None if number % 7 == 0 else self.fee(number), number * 10,
                None if number % 5 == 0 else number, f"笔记{number}", self.record(number, date))


class XiaohongshuRealtime(Xiaohongshu):
    example = "xiaohongshu_realtime"

    def answer(self, asked):
        if asked.path != "/api/open/jg/data/report/realtime/campaign":
            self.refuse(404, {})
        body = self.body(asked)
        page = body.get("page", {})
        self.check_page(page.get("page_index"), page.get("page_size"))
        first = (page["page_index"] - 1) * page["page_size"]
        return self.says(0, "成功", {"data_list": self.records(first, page["page_size"]),
                                   "page": {"page_index": page["page_index"], "page_size": page["page_size"], "total_count": self.rows}})

    def record(self, number, **slice):
        return {"base_campaign_dto": {"campaign_id": 70_000 + number, "campaign_name": f"计划 {number}", "enable": 1},
                "data": {"fee": f"{self.fee(number)}", "impression": f"{number * 1000:,}", "click": f"{number}", "ctr": "-" if number == 0 else "1.25%"}}

    def row(self, number, date, advertiser_id):
        return (int(advertiser_id), day(date), 70_000 + number, f"计划 {number}", self.fee(number), number * 1000, number,
                None if number == 0 else decimal.Decimal("1.25"))


class TikTokBusiness(Platform):
    example = "tiktok_business"
    environment = {"TIKTOK_TOKEN": "tiktok-hunter2"}
    wrong = "TIKTOK_TOKEN"
    days = "date"
    most = 1000
    rows = 1200

    def slices(self):
        """Both days are in one week."""
        return [slice for slice in super().slices() if slice["date"] == DAY]

    def says(self, code, message, data=None):
        return {"code": code, "message": message, "request_id": "r", "data": data or {}}

    def answer(self, asked):
        query = dict(asked.query)
        if asked.path != "/open_api/v1.3/report/integrated/get/" or asked.method != "GET":
            self.refuse(404, {})
        if asked.headers.get("Access-Token") != self.environment["TIKTOK_TOKEN"]:
            self.refuse(200, self.says(40105, "Access token is incorrect or has been revoked."))
        size, number = self.number(query.get("page_size")), self.number(query.get("page"))
        if number is None or size is None or size > self.most:
            self.refuse(200, self.says(40002, "page_size: must be between 1 and 1000"))
        dimensions, metrics = json.loads(query["dimensions"]), json.loads(query["metrics"])
        if not {"ad_id", "stat_time_day"} <= set(dimensions) or query["report_type"] != "BASIC" or query["data_level"] != "AUCTION_AD":
            self.refuse(200, self.says(40002, "dimensions: not supported at this data_level"))
        if (day(query["end_date"]) - day(query["start_date"])).days >= 30:
            self.refuse(200, self.says(40002, "the time range of stat_time_day is at most 30 days"))
        self.turn_away(3, 200, self.says(40100, "Too many requests. Please retry in some seconds."))
        self.turn_away(5, 200, self.says(50000, "System error"))
        records = self.records((number - 1) * size, size)
        for record in records:
            record["metrics"] = {name: record["metrics"][name] for name in metrics}
        return self.says(0, "OK", {"list": records, "page_info": {"page": number, "page_size": size, "total_number": self.rows,
                                                                 "total_page": -(-self.rows // size)}})

    def record(self, number, **slice):
        return {"dimensions": {"ad_id": f"{1_780_000_000_000_000_000 + number}", "stat_time_day": f"{DAY} 00:00:00"},
                "metrics": {"spend": f"{number / 4:.2f}", "impressions": f"{number * 9}", "clicks": "-" if number % 3 == 0 else f"{number}",
                            "conversion": "0"}}

    def row(self, number, advertiser_id, date):
        return (int(advertiser_id), 1_780_000_000_000_000_000 + number, day(DAY), decimal.Decimal(f"{number / 4:.2f}"), number * 9,
                None if number % 3 == 0 else number, 0)


class OceanEngine(Platform):
    """Its refresh token is good once; the access token ends in the middle."""

    example = "ocean_engine"
    environment = {"OCEAN_APP_ID": "app-1", "OCEAN_SECRET": "app-hunter2", "OCEAN_REFRESH_TOKEN": "refresh-hunter2-0",
                   "OCEAN_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="}
    wrong = "OCEAN_SECRET"
    days = "date"

    def __init__(self):
        self._refreshed = 0
        super().__init__()

    def says(self, code, message, data=None):
        return {"code": code, "message": message, "request_id": "r", "data": data or {}}

    def answer(self, asked):
        if asked.path == "/open_api/oauth2/refresh_token/":
            return self.refresh(json.loads(asked.body))
        query = dict(asked.query)
        if asked.path != "/open_api/v3.0/report/custom/get/" or asked.method != "GET":
            self.refuse(404, {})
        if asked.headers.get("Access-Token") != f"access-hunter2-{self._refreshed}":
            self.turned_away += 1
            return self.says(40102, "access_token已过期")
        size, number = self.number(query.get("page_size")), self.number(query.get("page"))
        lists = [json.loads(query[name]) for name in ("dimensions", "metrics", "filters", "order_by")]
        if number is None or size is None or size > self.most or not all(isinstance(one, list) for one in lists):
            self.refuse(200, self.says(40001, "参数错误: page_size 1-100"))
        if query["data_topic"] != "BASIC_DATA" or query["start_time"] > query["end_time"]:
            self.refuse(200, self.says(40001, "参数错误: data_topic, start_time, end_time"))
        self.turn_away(3, 200, self.says(40100, "请求过于频繁"))
        if self._asked == 5 and self._refreshed == 1:
            self._refreshed = 1.5  # what everybody holds is over
        return self.says(0, "OK", {"rows": self.records((number - 1) * size, size, date=query["start_time"]), "total_metrics": {},
                                   "page_info": {"page": number, "page_size": size, "total_number": self.rows,
                                                 "total_page": -(-self.rows // size)}})

    def refresh(self, body):
        if (body.get("app_id"), body.get("secret")) != (self.environment["OCEAN_APP_ID"], self.environment["OCEAN_SECRET"]):
            self.refuse(200, self.says(40103, "app_id or secret"))
        if body.get("grant_type") != "refresh_token" or body.get("refresh_token") != f"refresh-hunter2-{int(self._refreshed)}":
            self.refuse(200, self.says(40103, "refresh_token已失效"))
        self._refreshed = int(self._refreshed) + 1
        return self.says(0, "OK", {"access_token": f"access-hunter2-{self._refreshed}", "expires_in": 86400,
                                   "refresh_token": f"refresh-hunter2-{self._refreshed}", "refresh_token_expires_in": 2592000})

    def record(self, number, date, **slice):
        return {"dimensions": {"stat_time_day": date, "cdp_promotion_id": f"{7_300_000_000_000 + number}"},
                "metrics": {"stat_cost": f"{number * 1000 + 0.5:,.2f}", "show_cnt": f"{number * 1234:,}", "click_cnt": "-" if number == 9 else f"{number}",
                            "convert_cnt": "0"}}

    def row(self, number, advertiser_id, date):
        return (int(advertiser_id), 7_300_000_000_000 + number, day(date), decimal.Decimal(number * 1000) + decimal.Decimal("0.5"), number * 1234,
                None if number == 9 else number, 0)
