"""One event of MISP as STIX: its attributes, a grouping for each of its objects, and a report that holds them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cirt.plugin import ConnectorFault
from cirt.plugin.stix import Object, fixed_id

from .attributes import Owner, at, convert, seconds, uuid_of
from .marks import marks_of

_LINKS = ("link",)
_TEXT = 250
# What an event has besides, for which there is no place here: counted, so that nobody believes it came.
_BESIDE = {"ShadowAttribute": "proposal", "EventReport": "event report", "RelatedEvent": ""}


@dataclass(slots=True)
class Converted:
    """``ids`` by uuid in MISP; ``left_out`` counts what has no place here."""

    objects: list[Object] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def convert_event(raw: Any) -> Converted:
    """
    Raises:
        ConnectorFault: it is no event, or has no uuid by which to know it again.
    """
    event = raw.get("Event", raw) if isinstance(raw, dict) else None
    if not isinstance(event, dict):
        raise ConnectorFault("It is no MISP event.")
    try:
        own = str(UUID(str(event.get("uuid"))))
    except ValueError:
        raise ConnectorFault("The event has no uuid. Export it from MISP again.") from None
    changed = seconds(event.get("timestamp"))
    if not changed:
        raise ConnectorFault(f"Event {own} has no timestamp. Export it from MISP again.")
    done = Converted()
    marks = marks_of(event.get("Tag"))
    owner = Owner(own, _creator(event, done), _day(event.get("date")) or changed, changed, marks)
    done.left_out.update(marks.odd)
    for each in _list(event, "Attribute"):
        _add(done, each, owner)
    for each in _list(event, "Object"):
        _add_object(done, each, owner)
    _add_references(done, _list(event, "Object"), owner)
    for name, word in _BESIDE.items():
        if word:
            done.left_out[word] += len(_list(event, name))
    _add_report(done, event, owner)
    done.left_out = +done.left_out
    return done


def _add(done: Converted, raw: Any, owner: Owner) -> str | None:
    """The id of what stands for it."""
    if not isinstance(raw, dict):
        done.left_out["attribute that is none"] += 1
        return None
    kind, value = str(raw.get("type", "")), str(raw.get("value", ""))
    if kind in _LINKS and value.startswith(("http://", "https://")):
        done.links.append(value)
        return None
    marks = marks_of(raw.get("Tag"))
    done.left_out.update(marks.odd)
    made = convert(raw, marks, owner)
    if not made:
        done.left_out[f"attribute {kind[:60] or 'without a type'}"] += 1
        return None
    if raw.get("data"):
        done.left_out["file of an attribute"] += 1
    done.left_out["proposal"] += len(_list(raw, "ShadowAttribute"))
    done.objects += made
    own = uuid_of(raw.get("uuid"), owner.uuid, kind, value)
    done.ids[own] = made[0]["id"]
    if made[0]["type"] == "indicator":
        _add_sightings(done, raw, made[0], owner)
    return str(made[0]["id"])


def _add_object(done: Converted, raw: Any, owner: Owner) -> None:
    if not isinstance(raw, dict):
        done.left_out["object that is none"] += 1
        return
    found = [_add(done, each, owner) for each in _list(raw, "Attribute")]
    refs = [one for one in dict.fromkeys(found) if one]
    if not refs:
        done.left_out[f"object {str(raw.get('name'))[:60]}"] += 1
        return
    own = uuid_of(raw.get("uuid"), owner.uuid, "object", *refs)
    comment = str(raw.get("comment") or "").strip()
    grouping: Object = {
        "type": "grouping",
        "id": f"grouping--{own}",
        **_common(owner),
        **({"revoked": True} if raw.get("deleted") in (True, 1, "1") else {}),
        "name": str(raw.get("name") or "object")[:_TEXT],
        **({"description": comment} if comment else {}),
        "context": "unspecified",
        "object_refs": refs,
    }
    done.objects.append(grouping)
    done.ids[own] = grouping["id"]


def _add_references(done: Converted, objects: list[Any], owner: Owner) -> None:
    """What one object of the event says of another."""
    for each in objects:
        for raw in _list(each, "ObjectReference") if isinstance(each, dict) else ():
            if not isinstance(raw, dict):
                done.left_out["reference that is none"] += 1
                continue
            source = done.ids.get(str(raw.get("object_uuid") or each.get("uuid")))
            target = done.ids.get(str(raw.get("referenced_uuid")))
            if source is None or target is None or raw.get("deleted") in (True, 1, "1"):
                done.left_out["reference to what is not here"] += 1
                continue
            own = uuid_of(raw.get("uuid"), owner.uuid, source, target)
            word = str(raw.get("relationship_type") or "related-to").lower()
            done.objects.append(
                {
                    "type": "relationship",
                    "id": f"relationship--{own}",
                    **_common(owner),
                    "relationship_type": word.replace(" ", "-").replace("_", "-")[:_TEXT],
                    "source_ref": source,
                    "target_ref": target,
                }
            )


def _add_sightings(
    done: Converted, raw: Mapping[str, Any], indicator: Object, owner: Owner
) -> None:
    for each in _list(raw, "Sighting"):
        seen = seconds(each.get("date_sighting")) if isinstance(each, dict) else 0
        if not seen or str(each.get("type", "0")) != "0":
            done.left_out["sighting that says it was a false one, or the end"] += 1
            continue
        own = uuid_of(each.get("uuid"), owner.uuid, indicator["id"], str(seen))
        marking = indicator.get("object_marking_refs")
        done.objects.append(
            {
                "type": "sighting",
                "id": f"sighting--{own}",
                "spec_version": "2.1",
                "created": at(seen),
                "modified": max(at(seen), indicator["modified"]),
                **({"object_marking_refs": marking} if marking else {}),
                "first_seen": at(seen),
                "last_seen": at(seen),
                "count": 1,
                "sighting_of_ref": indicator["id"],
            }
        )


def _add_report(done: Converted, event: Mapping[str, Any], owner: Owner) -> None:
    refs = list(dict.fromkeys(done.ids.values()))
    if not refs:
        done.left_out["event with nothing in it that has a place"] += 1
        done.objects.clear()
        return
    labels = [*owner.marks.labels, *_galaxies(event, owner.marks.labels)]
    info = str(event.get("info") or "").strip() or f"MISP event {owner.uuid}"
    links = [{"source_name": "misp", "url": link} for link in dict.fromkeys(done.links)]
    done.objects.append(
        {
            "type": "report",
            "id": f"report--{owner.uuid}",
            **_common(owner),
            "name": info[:_TEXT],
            **({"description": info} if len(info) > _TEXT else {}),
            **({"labels": labels} if labels else {}),
            **({"external_references": links} if links else {}),
            "report_types": ["threat-report"],
            "published": at(seconds(event.get("publish_timestamp")) or owner.changed),
            "object_refs": refs,
        }
    )


def _galaxies(event: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[str]:
    """Clusters that no tag names."""
    for galaxy in _list(event, "Galaxy"):
        for cluster in _list(galaxy, "GalaxyCluster") if isinstance(galaxy, dict) else ():
            name = cluster.get("tag_name") if isinstance(cluster, dict) else None
            if isinstance(name, str) and name and name[:250] not in known:
                yield name[:250]


def _creator(event: Mapping[str, Any], done: Converted) -> str | None:
    """Who made it. An organisation has no versions in MISP: another name under its uuid is held as a conflict."""
    made_by = event.get("Orgc")
    name = str(made_by.get("name") or "").strip() if isinstance(made_by, dict) else ""
    if not isinstance(made_by, dict) or not name:
        return None
    try:
        own = f"identity--{UUID(str(made_by.get('uuid')))}"
    except ValueError:
        own = fixed_id("identity", UUID(int=0), name)
    never = at(1)
    done.objects.append(
        {
            "type": "identity",
            "spec_version": "2.1",
            "id": own,
            "created": never,
            "modified": never,
            "name": name[:_TEXT],
            "identity_class": "organization",
        }
    )
    return own


def _common(owner: Owner) -> Object:
    refs = owner.marks.refs
    return {
        "spec_version": "2.1",
        "created": at(min(owner.born, owner.changed)),
        "modified": at(owner.changed),
        **({"created_by_ref": owner.creator} if owner.creator else {}),
        **({"object_marking_refs": refs} if refs else {}),
    }


def _day(value: Any) -> int:
    """The first second of a day like 2026-11-01; 0 for what is none."""
    try:
        return int(datetime.fromisoformat(f"{str(value)[:10]}T00:00:00+00:00").timestamp())
    except ValueError:
        return 0


def _list(raw: Mapping[str, Any], name: str) -> list[Any]:
    found = raw.get(name)
    return found if isinstance(found, list) else []
