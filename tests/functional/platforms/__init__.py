"""APIs that deploy/examples pulls from, each played by its public rules: what it calls its pages, how many rows one may have, what it asks to be
shown, what its envelope looks like, and in which words it refuses. A class a platform; `platform.py` says what they have in common."""

from .adverts import OceanEngine, TikTokBusiness, XiaohongshuOffline, XiaohongshuRealtime
from .records import GitHub, GitHubComments, HubSpot, Notion, Plain, Salesforce, Shopify, Stripe, WordPress
from .reports import GoogleAnalytics
from .signed import TencentAds, XiaohongshuArk

# `platform.example` names the file that each is for.
ALL = (GitHub, GoogleAnalytics, HubSpot, Notion, OceanEngine, Plain, Salesforce, Shopify, Stripe, TencentAds, TikTokBusiness, WordPress,
       XiaohongshuArk, XiaohongshuOffline, XiaohongshuRealtime)
