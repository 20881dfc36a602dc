"""Platforms whose requests bear a signature, or what else each request has of its own."""

import datetime
import hashlib
import json
import time

from .platform import Platform, day


class TencentAds(Platform):
    """A time stamp of now and a nonce that nobody has shown before."""

    example = "tencent_ads"
    environment = {"TENCENT_TOKEN": "tencent-hunter2"}
    wrong = "TENCENT_TOKEN"
    settings = ("--set", "source.auth.value=${TENCENT_TOKEN}")
    days = "date"
    most = 1000

    def __init__(self):
        self._nonces = set()
        super().__init__()

    def says(self, code, message, data=None):
        return {"code": code, "message": message, "message_cn": message, "data": data or {}}

    def answer(self, asked):
        query = dict(asked.query)
        if asked.path != "/v3.0/daily_reports/get" or asked.method != "GET":
            self.refuse(404, {})
        if query.get("access_token") != self.environment["TENCENT_TOKEN"]:
            self.refuse(200, self.says(11002, "access_token 不合法"))
        nonce = query.get("nonce", "")
        if abs(int(query.get("timestamp", 0)) - time.time()) > 300 or not 1 <= len(nonce) <= 32 or nonce in self._nonces:
            self.refuse(200, self.says(11003, "timestamp 或 nonce 不合法"))
        self._nonces.add(nonce)
        self.turn_away(3, 200, self.says(11017, "每分钟请求次数超限"))
        size, number, days = self.number(query.get("page_size")), self.number(query.get("page")), json.loads(query["date_range"])
        if size is None or number is None or size > self.most or size * number > 10_000 or days["start_date"] > days["end_date"]:
            self.refuse(200, self.says(18001, "page × page_size 不能超过 10000"))
        if json.loads(query["group_by"]) != ["date", "adgroup_id"] or query["level"] != "REPORT_LEVEL_ADGROUP":
            self.refuse(200, self.says(18001, "group_by 不合法"))
        records, fields = self.records((number - 1) * size, size, date=days["start_date"]), json.loads(query["fields"])
        return self.says(0, "", {"list": [{name: record[name] for name in fields} for record in records],
                                 "page_info": {"page": number, "page_size": size, "total_number": self.rows, "total_page": -(-self.rows // size)}})

    def record(self, number, date, **slice):
        return {"date": date, "adgroup_id": 900_000 + number, "cost": number * 7, "view_count": number * 11, "valid_click_count": number, "conversions_count": 0}

    def row(self, number, account_id, date):
        return (int(account_id), 900_000 + number, day(date), number * 7, number * 11, number, 0)


class XiaohongshuArk(Platform):
    """Each request is signed, and asks for the orders of 24 hours at most. Which error codes there are is not public: these are ours."""

    example = "xiaohongshu_ark_orders"
    environment = {"ARK_APP_ID": "app-1", "ARK_SECRET": "ark-hunter2", "ARK_TOKEN": "token-hunter2"}
    wrong = "ARK_SECRET"
    settings = ("--set", "source.slices.hour.from=2026-11-01T00:00", "--set", "source.slices.hour.to=2026-11-01T12:00")

    def slices(self):
        return [{"hour": "2026-11-01T00:00:00+08:00"}, {"hour": "2026-11-01T06:00:00+08:00"}]

    def says(self, code, message, data=None):
        return {"error_code": code, "error_msg": message, "success": code == 0, "data": data}

    def answer(self, asked):
        body = json.loads(asked.body)
        if asked.path != "/ark/open_api/v3/common_controller" or asked.method != "POST" or body.get("method") != "order.getOrderList":
            self.refuse(200, self.says(-9000, "method"))
        signed = f"{body['method']}?appId={body['appId']}&timestamp={body['timestamp']}&version={body['version']}{self.environment['ARK_SECRET']}"
        if body["appId"] != self.environment["ARK_APP_ID"] or body.get("sign") != hashlib.md5(signed.encode()).hexdigest():
            self.refuse(200, self.says(-9001, "签名校验失败"))
        if abs(int(body["timestamp"]) - time.time()) > 600 or body["version"] != "2.0":
            self.refuse(200, self.says(-9002, "timestamp"))
        if body.get("accessToken") != self.environment["ARK_TOKEN"]:
            self.refuse(200, self.says(-9003, "accessToken 无效"))
        self.turn_away(3, 200, self.says(-9004, "调用过于频繁"))
        number, size = body["pageNo"], body["pageSize"]
        if not isinstance(size, int) or not 1 <= size <= self.most or not 0 < body["endTime"] - body["startTime"] <= 86_400 or body["timeType"] != 1:
            self.refuse(200, self.says(-9005, "pageSize, startTime, endTime"))
        return self.says(0, "", {"total": self.rows, "pageNo": number, "pageSize": size, "maxPageNo": -(-self.rows // size),
                                 "orderList": self.records((number - 1) * size, size, begin=body["startTime"])})

    def record(self, number, begin):
        return {"orderId": f"P{begin}{number:04}", "orderStatus": 4, "totalPayAmount": number * 100, "createdTime": (begin + number) * 1000,
                "updateTime": (begin + 2 * number) * 1000}

    def row(self, number, hour):
        begin = datetime.datetime.fromisoformat(hour)
        return (f"P{int(begin.timestamp())}{number:04}", 4, number * 100, begin.astimezone(datetime.timezone.utc) + datetime.timedelta(seconds=number),
                begin.astimezone(datetime.timezone.utc) + datetime.timedelta(seconds=2 * number))
