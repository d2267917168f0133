"""Writes requests.json: what Google's own client sends for the calls that the connector makes.

    pip install google-api-python-client==2.202.0 && python requests.py > requests.json
"""

import json
from urllib.parse import parse_qsl, urlsplit

import httplib2
from googleapiclient.discovery import build

service = build("reseller", "v1", static_discovery=True, http=httplib2.Http())
customers, subscriptions = service.customers(), service.subscriptions()
key = "00000000-0000-0000-0000-000000000001"
customer = {"customerId": "C0amber"}
one = {**customer, "subscriptionId": "s1"}
calls = [
    customers.get(customerId="amber.example"),
    subscriptions.list(customerId="C0amber", maxResults=100),
    subscriptions.insert(**customer, action="buy", body={
        **customer, "skuId": "1010020028", "plan": {"planName": "FLEXIBLE"},
        "seats": {"maximumNumberOfSeats": 10}, "purchaseOrderId": key}),
    subscriptions.changeSeats(**one, body={"maximumNumberOfSeats": 12}),
    subscriptions.suspend(**one),
    subscriptions.activate(**one),
    subscriptions.changePlan(**one, body={
        "planName": "ANNUAL_MONTHLY_PAY", "seats": {"numberOfSeats": 12}, "purchaseOrderId": key}),
    subscriptions.changeSeats(**customer, subscriptionId="s1-changed", body={"numberOfSeats": 15}),
    subscriptions.changeRenewalSettings(
        **customer, subscriptionId="s1-changed", body={"renewalType": "CANCEL"}),
    subscriptions.delete(**customer, subscriptionId="s1-changed", deletionType="cancel"),
]


def sent(call):
    address = urlsplit(call.uri)
    query = dict(parse_qsl(address.query))
    assert query.pop("alt", "json") == "json"
    body = json.loads(call.body) if call.body else None
    return {"method": call.method, "path": address.path, "query": query, "body": body}


print(json.dumps([sent(call) for call in calls], indent=1))
