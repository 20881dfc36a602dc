"""The link between processes and their broker fails midway; the broker itself is well. Kafka is left out: its clients go to the
addresses that it advertises, past anybody who stands between."""

import contextlib
import re
import urllib.parse

import pytest

from harness.broker import Broker
from harness.pagehaul import OK
from harness.proxy import Proxy
from harness.recovery import PAGES, RESUME, ROWS, assert_complete, start_midway

pytestmark = pytest.mark.kill_stop

SMALL = {"run": {"workers": 2, "drain": "60s"}, "source": {"limits": {"concurrency": 2}}}


@pytest.fixture
def api(mock_api):
    return mock_api(rows=ROWS)


@pytest.fixture(params=[pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in ("rabbitmq", "sqs")])
def link(request, pagehaul):
    """What stands between the processes and their broker."""
    broker = Broker(request.getfixturevalue(request.param), request.param, pagehaul)
    to = urllib.parse.urlsplit(broker.queue["url"])
    with contextlib.closing(Proxy(to.hostname, to.port)) as proxy:
        def through(url):
            return re.sub(rf":{to.port}(?=/|$)", f":{proxy.port}", url)

        if request.param == "rabbitmq":
            pagehaul.env["BROKER_URL"] = through(broker.queue["url"])
        else:
            pagehaul.configure(queue={**broker.queue, "url": through(broker.queue["url"]), "dead": through(broker.queue["dead"])})
        yield proxy
        proxy.stall(False)


@pytest.mark.parametrize("fault", [Proxy.cut, Proxy.refuse, Proxy.stall], ids=["cut", "refused from then on", "open, and nothing passes"])
def test_a_link_that_fails_midway_costs_no_page(pagehaul, api, db, link, fault):
    pagehaul.configure(SMALL)
    running = start_midway(pagehaul, api, db, answered=5, env=RESUME)
    assert link.open_connections > 0
    fault(link)
    api.set(hold=False)
    result = running.result(120)
    assert result.code == OK, str(result)
    assert set(api.pages_asked()) == set(range(1, PAGES + 1))
    assert_complete(db, api)
