"""Notifications v1: the ten operations on destinations and subscriptions (S28)."""

import re
from typing import Any

from deploy.sandbox.call import Call
from deploy.sandbox.checks import Query, parsed
from deploy.sandbox.exchange import Problem, Reply, answer, bad_request
from deploy.sandbox.notices import BRIDGE, SAMPLES, SQS, TYPES, Bus, Sender, body
from deploy.sandbox.subscriptions import Destination, Subscription

ARN = re.compile(r"arn:aws:sqs:\S+:\S+:\S+")
FILTERS = ("ANY_OFFER_CHANGED", "ORDER_CHANGE", "SHIPMENT_TRACKING_MILESTONE_CHANGED")
PERIODS = ("FiveMinutes", "TenMinutes")
CHANGES = ("BuyerRequestedChange", "DeliveryTipChange", "OrderStatusChange")


def create_destination(call: Call) -> Reply:
    """Make a destination; 409 where there is one for this queue or AWS account."""
    stated = _object(call)
    name, resource = stated.get("name"), stated.get("resourceSpecification")
    if not isinstance(name, str) or not name or len(name) > 256:
        raise bad_request("'name' is a text of 1 to 256 characters.")
    made = _destination(call, name, resource)
    for other in _destinations(call):
        if _place(other) == _place(made):
            raise _conflict(f"Destination {other.name} is there already.")
    call.notices.destinations[made.id] = made
    return answer({"payload": _shown(made)})


def destinations(call: Call) -> Reply:
    """Show all destinations."""
    return answer({"payload": [_shown(row) for row in _destinations(call)]})


def one_destination(call: Call) -> Reply:
    """Show one destination."""
    return answer({"payload": _shown(_found(call, call.names["destinationId"]))})


def delete_destination(call: Call) -> Reply:
    """Delete a destination that no subscription leads to."""
    found = _found(call, call.names["destinationId"])
    if call.notices.to(found.id):
        raise _conflict("The destination is in use by a subscription.")
    del call.notices.destinations[found.id]
    return answer({})


def subscribe(call: Call) -> Reply:
    """Subscribe an account to one type; 409 where it is."""
    name = _type(call)
    stated = _object(call)
    where, version = stated.get("destinationId"), stated.get("payloadVersion")
    if not isinstance(where, str) or not isinstance(version, str):
        raise bad_request("'destinationId' and 'payloadVersion' are required.")
    directive = _directive(stated.get("processingDirective"), given="processingDirective" in stated)
    if version != TYPES[name].version:
        raise bad_request(f"{name} has no payload version {version!r}.")
    destination = _fitting(call, where, name)
    if call.notices.of(call.account.id, name, version):
        raise _conflict(f"There is a subscription to {name} {version}.")
    made = call.notices.subscribe(
        call.account, name, destination=destination.id, directive=directive
    )
    return answer({"payload": _subscription(made)})


def subscription(call: Call) -> Reply:
    """Show an account's subscription to one type, of the latest version if none is named."""
    version = Query(call.request).text("payloadVersion")
    found = call.notices.of(call.account.id, _type(call), version)
    if not found:
        raise _missing("There is no subscription.")
    return answer({"payload": _subscription(found[0])})


def subscriptions(call: Call) -> Reply:
    """Show an account's subscriptions to exactly one type; they fit on one page."""
    query = Query(call.request)
    names = query.array("notificationTypes", most=1, required=True, choices=TYPES)
    query.number("pageSize", default=30, least=30, most=100)
    if query.text("nextToken") is not None:
        raise bad_request("'nextToken' is not one of ours.")
    found = call.notices.of(call.account.id, names[0], query.text("payloadVersion"))
    return answer({"payload": {"subscriptions": [_subscription(row) for row in found]}})


def one_subscription(call: Call) -> Reply:
    """Show any account's subscription by its id."""
    return answer({"payload": _subscription(_by_id(call))})


def unsubscribe(call: Call) -> Reply:
    """Delete any account's subscription by its id."""
    call.notices.unsubscribe(_by_id(call).id)
    return answer({})


def test(call: Call) -> Reply:
    """Send one made-up notification to a destination, whoever subscribed."""
    name, stated = _type(call), _object(call)
    where, told = stated.get("destinationId"), stated.get("testNotification", {})
    if not isinstance(where, str):
        raise bad_request("'destinationId' is required.")
    if not isinstance(told, dict) or told.get("payloadVersion") != TYPES[name].version:
        raise bad_request(f"'testNotification' names payload version {TYPES[name].version}.")
    if not isinstance(told.get("testScenario", ""), str):
        raise bad_request("'testScenario' is a text.")
    if name not in SAMPLES:
        raise bad_request(f"There is no test notification of {name}.")
    destination = _fitting(call, where, name)
    number = call.world.chance.identity("test notification", name)
    sender = Sender(call.world.application_id, "test", number)
    sent = body(name, SAMPLES[name], sender, at=call.now, published=call.now)
    call.notices.deliver(sent, name, destination, fate=None, due=call.now)
    return answer({"payload": {}})


def _object(call: Call) -> dict[str, Any]:
    stated = parsed(call.request.body)
    if not isinstance(stated, dict):
        raise bad_request("The body is a JSON object.")
    return stated


def _type(call: Call) -> str:
    name = call.names["notificationType"]
    if name not in TYPES:
        raise bad_request(f"Notification type {name!r} is not known.")
    return name


def _destinations(call: Call) -> list[Destination]:
    region = call.account.region
    return [row for row in call.notices.destinations.values() if row.region == region]


def _found(call: Call, number: str) -> Destination:
    found = call.notices.destinations.get(number)
    if found is None or found.region != call.account.region:
        raise _missing("There is no such destination.")
    return found


def _fitting(call: Call, number: str, name: str) -> Destination:
    """Find a destination that notifications of type *name* can go to."""
    found = _found(call, number)
    if found.by != TYPES[name].by:
        raise bad_request(f"{name} goes to a destination of kind {TYPES[name].by} alone.")
    return found


def _by_id(call: Call) -> Subscription:
    name = _type(call)
    found = call.notices.find(call.names["subscriptionId"])
    region = call.world.accounts[found.account].region if found else None
    if found is None or found.kind != name or region != call.account.region:
        raise _missing("There is no such subscription.")
    return found


def _destination(call: Call, name: str, resource: Any) -> Destination:
    if not isinstance(resource, dict) or len({SQS, BRIDGE} & set(resource)) != 1:
        raise bad_request("'resourceSpecification' holds one of 'sqs' and 'eventBridge'.")
    arn = _arn(resource[SQS]) if SQS in resource else None
    bus = _bus(call, resource[BRIDGE]) if BRIDGE in resource else None
    region = call.account.region
    number = call.world.chance.identity("destination", region)
    return Destination(id=number, name=name, region=region, arn=arn, bus=bus)


def _arn(stated: Any) -> str:
    arn = stated.get("arn") if isinstance(stated, dict) else None
    if not isinstance(arn, str) or len(arn) > 1000 or not ARN.fullmatch(arn):
        raise bad_request("'sqs.arn' is the ARN of a queue.")
    return arn


def _bus(call: Call, stated: Any) -> Bus:
    named = stated if isinstance(stated, dict) else {}
    account, region = named.get("accountId"), named.get("region")
    if not (isinstance(account, str) and account and isinstance(region, str) and region):
        raise bad_request("'eventBridge' needs 'region' and 'accountId'.")
    source = f"aws.partner/sellingpartnerapi.amazon.com/{account}/{call.world.application_id}"
    return Bus(source, account, region)


def _place(destination: Destination) -> str:
    return destination.arn or (destination.bus.account if destination.bus else "")


def _directive(stated: Any, *, given: bool) -> dict[str, Any] | None:
    if not given:
        return None
    if not isinstance(stated, dict):
        raise bad_request("'processingDirective' is an object.")
    if {"eventFilter", "filterExpression"} <= set(stated):
        raise bad_request("Only one of 'eventFilter' and 'filterExpression'.")
    if "eventFilter" in stated:
        _filter(stated["eventFilter"])
    expression = stated.get("filterExpression", "x")
    if not isinstance(expression, str) or not 1 <= len(expression) <= 256:
        raise bad_request("'filterExpression' is a text of 1 to 256 characters.")
    return stated


def _filter(stated: Any) -> None:
    if not isinstance(stated, dict) or stated.get("eventFilterType") not in FILTERS:
        raise bad_request(f"'eventFilterType' is one of {', '.join(FILTERS)}.")
    stores, changes = stated.get("marketplaceIds", []), stated.get("orderChangeTypes", [])
    if not isinstance(stores, list) or not all(isinstance(row, str) for row in stores):
        raise bad_request("'marketplaceIds' is an array of ids.")
    if not isinstance(changes, list) or not all(row in CHANGES for row in changes):
        raise bad_request(f"'orderChangeTypes' holds some of {', '.join(CHANGES)}.")
    if "aggregationSettings" in stated:
        period = stated["aggregationSettings"]
        if not isinstance(period, dict) or period.get("aggregationTimePeriod") not in PERIODS:
            raise bad_request(f"'aggregationTimePeriod' is one of {', '.join(PERIODS)}.")


def _shown(destination: Destination) -> dict[str, Any]:
    bus = destination.bus
    if bus is None:
        resource: dict[str, Any] = {SQS: {"arn": destination.arn}}
    else:
        resource = {BRIDGE: {"name": bus.name, "region": bus.region, "accountId": bus.account}}
    return {"destinationId": destination.id, "name": destination.name, "resource": resource}


def _subscription(row: Subscription) -> dict[str, Any]:
    told = {
        "subscriptionId": row.id,
        "payloadVersion": row.version,
        "destinationId": row.destination,
    }
    return told | ({} if row.directive is None else {"processingDirective": row.directive})


def _conflict(details: str) -> Problem:
    return Problem(409, "Conflict", "The resource is there already, or in use.", details)


def _missing(details: str) -> Problem:
    return Problem(404, "NotFound", "The requested resource does not exist.", details)
