"""The questions and answers of the scoring tables in plain words."""

from cirt.kernel.text import mark

QUESTIONS = {
    "functional-impact": mark("What does not work as it should?"),
    "observed-activity": mark("How far did the attacker get?"),
    "location": mark("Where in the network was it seen?"),
    "actor": mark("Who is behind it?"),
    "information-impact": mark("What became of information?"),
    "recoverability": mark("What does it take to recover?"),
    "cross-sector": mark("On which sector do others depend here?"),
    "potential-impact": mark("How bad could it become for the country?"),
}

ANSWERS = {
    "functional-impact": {
        "none": mark("Everything works"),
        "to-services": mark("Services are touched, but work"),
        "minimal-non-critical": mark("Non-critical services are slightly worse"),
        "minimal-critical": mark("Critical services are slightly worse"),
        "significant-non-critical": mark("Non-critical services are clearly worse"),
        "denial-non-critical": mark("Non-critical services are down"),
        "significant-critical": mark("Critical services are clearly worse"),
        "denial-critical": mark("Critical services are down or out of control"),
    },
    "observed-activity": {
        "none": mark("Nothing was seen"),
        "prepare": mark("Prepares: looks around, builds tools"),
        "engage": mark("Tries: mails, exploits, log-ins"),
        "presence": mark("Is inside"),
        "effect": mark("Does damage: changes, steals, stops"),
    },
    "location": {
        "business-dmz": mark("1: outer zone of the office network"),
        "business-network": mark("2: office network"),
        "unknown": mark("Not known"),
        "business-management": mark("3: management of the office network"),
        "critical-dmz": mark("4: outer zone of critical systems"),
        "critical-management": mark("5: management of critical systems"),
        "critical-systems": mark("6: critical systems"),
        "safety-systems": mark("7: safety systems"),
    },
    "actor": {
        "hacktivist": mark("Activists"),
        "unwitting-insider": mark("Somebody inside, by mistake"),
        "criminal": mark("Criminals"),
        "unknown": mark("Not known"),
        "witting-insider": mark("Somebody inside, on purpose"),
        "apt": mark("A well-equipped group"),
        "apt-targeted": mark("A well-equipped group that wants just this victim"),
    },
    "information-impact": {
        "none": mark("Nothing"),
        "suspected": mark("Something may be lost, not confirmed"),
        "privacy": mark("Personal data is lost"),
        "proprietary": mark("Business secrets are lost"),
        "destruction-non-critical": mark("Non-critical systems are destroyed"),
        "critical-breach": mark("Data of critical systems is lost"),
        "core-credentials": mark("Passwords or keys of the core are lost"),
        "destruction-critical": mark("Critical systems are destroyed"),
    },
    "recoverability": {
        "regular": mark("The usual people, in foreseeable time"),
        "supplemented": mark("Extra people, in foreseeable time"),
        "extended": mark("Extra people, nobody knows how long"),
        "not-recoverable": mark("It cannot be recovered"),
    },
    "cross-sector": {
        "nuclear": mark("Nuclear"),
        "agriculture": mark("Agriculture and food"),
        "chemical": mark("Chemical industry"),
        "dams": mark("Dams"),
        "emergency": mark("Emergency services"),
        "commercial": mark("Trade and offices"),
        "health": mark("Health care"),
        "banking": mark("Banks and financial services"),
        "defence-industry": mark("Defence industry"),
        "government": mark("Government"),
        "critical-manufacturing": mark("Critical manufacturing"),
        "water": mark("Water"),
        "communications": mark("Communications"),
        "transport": mark("Transport"),
        "it": mark("Information technology"),
        "energy": mark("Energy"),
    },
    "potential-impact": {
        "minimal": mark("Hardly at all"),
        "low": mark("A little"),
        "moderate": mark("Noticeably"),
        "high": mark("Badly"),
        "severe": mark("Very badly, lives included"),
    },
}

LEVELS = {
    "emergency": mark("Emergency"),
    "severe": mark("Severe"),
    "high": mark("High"),
    "medium": mark("Medium"),
    "low": mark("Low"),
    "baseline-minor": mark("Baseline, minor"),
    "baseline-negligible": mark("Baseline, negligible"),
}
