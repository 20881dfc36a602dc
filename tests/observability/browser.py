"""A headless Chromium that has no network: every request but a file's goes to a proxy that is not there."""

import base64
import json

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
          "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
          "--proxy-server=127.0.0.1:1", "--proxy-bypass-list=<-loopback>")


class Browser:
    """One Chromium for many pages; open() loads a page anew at a width and in a colour scheme."""

    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self._driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self._driver.get("about:blank")  # not the browser's own start page, which asks for things
        self._address = None

    def open(self, path, width=1100, scheme="light"):
        for kind in ("browser", "performance"):
            self._driver.get_log(kind)
        phone = width < 500
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=800, mobile=phone, deviceScaleFactor=2 if phone else 1)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self._address = path.as_uri()
        self._driver.get(self._address)
        return self

    def run(self, script, *arguments):
        return self._driver.execute_script(script, *arguments)

    def command(self, name, **parameters):
        return self._driver.execute_cdp_cmd(name, parameters)

    def requests(self):
        """The addresses that the page has asked for since open(), its own the first; not what the browser asks for itself."""
        messages = (json.loads(entry["message"])["message"] for entry in self._driver.get_log("performance"))
        return [m["params"]["request"]["url"] for m in messages
                if m["method"] == "Network.requestWillBeSent" and m["params"]["documentURL"] == self._address]

    def console(self):
        """What the page, or the browser about it, wrote to the console since open()."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    def screenshot(self, path):
        """The whole page."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def close(self):
        self._driver.quit()
