"""How the mock API pages and what tells the end, drawn by chance. Pure: the same chance is the same kind."""

import dataclasses

# Numbered pages are the ones that are pulled side by side, where most may go wrong.
KINDS = ("page_number", "page_number", "page_number", "offset", "offset", "cursor", "cursor", "next_link", "link_header", "none")
TOKENS = ({"pointer": "/data/next"}, {"header": "X-Next"}, {"last": "/creativity_id"})
# Where no total is told; as changes of the default pipeline's pagination.
ENDS = {"empty pages": {"total": None}, "a short page": {"total": None, "end": "short_page"}, "a flag": {"total": None, "more": "/data/more"},
        "a number of pages": {"total": {"rows": None, "pages": "/data/page_count"}}}


@dataclasses.dataclass(frozen=True)
class Kind:
    """`source`: changes of the pipeline's section; `api`: flags of the mock API; `proof`: what a success says."""

    name: str
    source: dict
    api: dict
    proof: str
    one_request: bool = False

    def __str__(self):
        return self.name

    def sliced(self, changes):
        """harness.pipeline.sliced()'s, with the slice where this kind's requests have it."""
        if self.source["request"].get("method") != "GET":
            return changes
        query = {"advertiser_id": "{{ slice.advertiser_id }}", "date": "{{ slice.date }}"}
        return {"source": {**changes["source"], "request": {"query": query}}}


def draw(chance, report, size):
    """One that pages through this report."""
    kind = chance.choice(KINDS)
    told = report.get("total") != "none"
    total = {"total": {"rows": "/data/total_count"} if told else None}
    if kind in ("page_number", "offset"):
        return _numbered(chance, kind, told)
    # Where pages tell of the next one a total is told more often than it is asked for.
    total = total if chance.random() < 0.5 else {"total": None}
    name = kind + (", counted" if total["total"] else "")
    if kind == "none":
        return Kind(name, {"request": {"body": {"page_num": None, "page_size": None, "all": True}},
                           "pagination": {"type": kind, "first": None, "size": None, **total}},
                    {"chain": True, "page_size": report["rows"] + 1}, proof="counts" if total["total"] else "pages", one_request=True)
    proof = "counts" if total["total"] else "chain"
    api = {"chain": True, "chain_end": chance.choice(("null", "absent", "empty")), "link_form": chance.choice(("absolute", "path", "query"))}
    pagination = {"type": kind, "first": None, **total}
    if kind == "cursor":
        token = chance.choice(TOKENS)
        more = chance.random() < 0.3
        pagination |= {"token": token.get("pointer", token)} | ({"more": "/data/more"} if more else {})
        return Kind(f"{name}, {next(iter(token))}{', a flag' if more else ''}",
                    {"request": {"body": {"page_num": None, "cursor": "{{ page.token }}"}}, "pagination": pagination}, api, proof)
    if kind == "next_link":
        pagination["link"] = "/data/next_url"
    return Kind(f"{name}, {api['link_form']}",
                {"request": {"method": "GET", "path": "/rows", "body": None, "query": {"limit": str(size)}}, "pagination": pagination}, api, proof)


def _numbered(chance, kind, told):
    offset = {"page_num": None, "offset": "{{ page.offset }}"} if kind == "offset" else {}
    end = "a total" if told else chance.choice(tuple(ENDS))
    pagination = {"type": kind, **({"first": None} if kind == "offset" else {}), **ENDS.get(end, {})}
    return Kind(f"{kind} to {end}", {"request": {"body": offset} if offset else {}, "pagination": pagination},
                {} if told else {"ends": True}, "counts" if told else "pages")
