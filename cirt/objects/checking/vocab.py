"""STIX 2.1 as tables: properties of each type, vocabularies, relationships (sections 3 to 10)."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SDO = frozenset(
    _words(
        "attack-pattern campaign course-of-action grouping identity incident indicator infrastructure "
        "intrusion-set location malware malware-analysis note observed-data opinion report threat-actor "
        "tool vulnerability"
    )
)
SRO = frozenset({"relationship", "sighting"})
SCO = frozenset(
    _words(
        "artifact autonomous-system directory domain-name email-addr email-message file ipv4-addr "
        "ipv6-addr mac-addr mutex network-traffic process software url user-account "
        "windows-registry-key x509-certificate"
    )
)
META = frozenset({"marking-definition", "language-content", "extension-definition"})

# A property is written name=kind, with * where it is required. Kinds: s text, t timestamp, i integer,
# n integer from 0, f number, b boolean, ls list of text, lang and langs language tags, hashes, hex,
# d, ds, dn, dm, dx dictionaries (of anything, of texts, of integers, of texts or integers, of texts or
# lists of texts), kcp kill chain phases, enum:NAME and enums:NAME, part:NAME and parts:NAME (in
# ``parts``), ref:TYPES and refs:TYPES (types joined by |, none for any), scos references to observables,
# seen references to observables and relationships.
_VERSIONED = """created*=t modified*=t created_by_ref=ref:identity revoked=b labels=ls confidence=percent
    lang=lang external_references=xrefs extensions=extensions"""
_MARKED = "object_marking_refs=refs:marking-definition granular_markings=granular"

COMMON: dict[str, str] = {
    "sdo": f"{_VERSIONED} {_MARKED}",
    "sco": f"extensions=extensions defanged=b {_MARKED}",
    "extension-definition": f"""created*=t modified*=t created_by_ref*=ref:identity revoked=b labels=ls
        external_references=xrefs {_MARKED}""",
    "language-content": f"""created*=t modified*=t created_by_ref=ref:identity revoked=b labels=ls
        confidence=percent external_references=xrefs extensions=extensions {_MARKED}""",
    "marking-definition": f"""created*=t created_by_ref=ref:identity external_references=xrefs
        extensions=extensions {_MARKED}""",
    "unknown": f"""created=t modified=t created_by_ref=ref:identity revoked=b labels=ls
        confidence=percent lang=lang external_references=xrefs extensions=extensions {_MARKED}""",
}

# Common properties that a group may not have (section 3.2), beyond what ``type_rules`` says of markings.
FORBIDDEN: dict[str, frozenset[str]] = {
    group: frozenset(names.split())
    for group, names in {
        "sdo": "defanged",
        "sco": """created modified created_by_ref revoked labels confidence lang
            external_references""",
        "extension-definition": "confidence lang extensions defanged",
        "language-content": "lang defanged",
        "marking-definition": "labels confidence lang defanged",
    }.items()
}
# Names that no custom property of these types may take (section 3.8 and the types' own).
RESERVED = frozenset({"severity", "username", "phone_number"})
RESERVED_BY_TYPE = {"course-of-action": frozenset({"action"})}

PROPERTIES: dict[str, str] = {
    "attack-pattern": "name*=s description=s aliases=ls kill_chain_phases=kcp",
    "campaign": "name*=s description=s aliases=ls first_seen=t last_seen=t objective=s",
    "course-of-action": "name*=s description=s",
    "grouping": "context*=s object_refs*=refs: name=s description=s",
    "identity": """name*=s description=s roles=ls identity_class=s sectors=ls
        contact_information=s""",
    "incident": "name*=s description=s",
    "indicator": """pattern*=s pattern_type*=s valid_from*=t name=s description=s indicator_types=ls
        pattern_version=s valid_until=t kill_chain_phases=kcp""",
    "infrastructure": """name*=s description=s infrastructure_types=ls aliases=ls
        kill_chain_phases=kcp first_seen=t last_seen=t""",
    "intrusion-set": """name*=s description=s aliases=ls first_seen=t last_seen=t goals=ls
        resource_level=s primary_motivation=s secondary_motivations=ls""",
    "location": """name=s description=s latitude=latitude longitude=longitude precision=f region=s
        country=s administrative_area=s city=s street_address=s postal_code=s""",
    "malware": """is_family*=b name=s description=s malware_types=ls aliases=ls kill_chain_phases=kcp
        first_seen=t last_seen=t operating_system_refs=refs:software architecture_execution_envs=ls
        implementation_languages=ls capabilities=ls sample_refs=refs:file|artifact""",
    "malware-analysis": """product*=s result=s analysis_sco_refs=scos version=s
        host_vm_ref=ref:software operating_system_ref=ref:software
        installed_software_refs=refs:software configuration_version=s modules=ls
        analysis_engine_version=s analysis_definition_version=s submitted=t analysis_started=t
        analysis_ended=t result_name=s sample_ref=ref:file|artifact|network-traffic""",
    "note": "content*=s object_refs*=refs: abstract=s authors=ls",
    "observed-data": """first_observed*=t last_observed*=t number_observed*=observed object_refs=seen
        objects=do""",
    "opinion": "opinion*=enum:opinion object_refs*=refs: explanation=s authors=ls",
    "report": "name*=s published*=t object_refs*=refs: description=s report_types=ls",
    "threat-actor": """name*=s description=s threat_actor_types=ls aliases=ls first_seen=t last_seen=t
        roles=ls goals=ls sophistication=s resource_level=s primary_motivation=s
        secondary_motivations=ls personal_motivations=ls""",
    "tool": "name*=s description=s tool_types=ls aliases=ls kill_chain_phases=kcp tool_version=s",
    "vulnerability": "name*=s description=s",
    "relationship": """relationship_type*=relationship source_ref*=ref: target_ref*=ref: description=s
        start_time=t stop_time=t""",
    "sighting": """sighting_of_ref*=ref: first_seen=t last_seen=t count=count
        observed_data_refs=refs:observed-data where_sighted_refs=refs:identity|location summary=b
        description=s""",
    "marking-definition": "name=s definition_type=s definition=o",
    "language-content": "object_ref*=ref: contents*=contents object_modified=t",
    "extension-definition": """name*=s schema*=s version*=s extension_types*=enums:extension
        description=s extension_properties=names""",
    "artifact": """mime_type=s payload_bin=s url=s hashes=hashes encryption_algorithm=enum:encryption
        decryption_key=s""",
    "autonomous-system": "number*=n name=s rir=s",
    "directory": """path*=s path_enc=s ctime=t mtime=t atime=t contains_refs=refs:file|directory""",
    "domain-name": "value*=s resolves_to_refs=refs:ipv4-addr|ipv6-addr|domain-name",
    "email-addr": "value*=s display_name=s belongs_to_ref=ref:user-account",
    "email-message": """is_multipart*=b date=t content_type=s from_ref=ref:email-addr
        sender_ref=ref:email-addr to_refs=refs:email-addr cc_refs=refs:email-addr
        bcc_refs=refs:email-addr message_id=s subject=s received_lines=ls
        additional_header_fields=dx body=s body_multipart=mime raw_email_ref=ref:artifact""",
    "file": """hashes=hashes size=n name=s name_enc=s magic_number_hex=hex mime_type=s ctime=t mtime=t
        atime=t parent_directory_ref=ref:directory contains_refs=scos content_ref=ref:artifact""",
    "ipv4-addr": """value*=s resolves_to_refs=refs:mac-addr belongs_to_refs=refs:autonomous-system""",
    "ipv6-addr": """value*=s resolves_to_refs=refs:mac-addr belongs_to_refs=refs:autonomous-system""",
    "mac-addr": "value*=mac",
    "mutex": "name*=s",
    "network-traffic": """protocols*=ls start=t end=t is_active=b
        src_ref=ref:ipv4-addr|ipv6-addr|mac-addr|domain-name
        dst_ref=ref:ipv4-addr|ipv6-addr|mac-addr|domain-name src_port=port dst_port=port
        src_byte_count=n dst_byte_count=n src_packets=n dst_packets=n ipfix=dm
        src_payload_ref=ref:artifact dst_payload_ref=ref:artifact
        encapsulates_refs=refs:network-traffic encapsulated_by_ref=ref:network-traffic""",
    "process": """is_hidden=b pid=i created_time=t cwd=s command_line=s environment_variables=ds
        opened_connection_refs=refs:network-traffic creator_user_ref=ref:user-account
        image_ref=ref:file parent_ref=ref:process child_refs=refs:process""",
    "software": "name*=s cpe=cpe swid=s languages=langs vendor=s version=s",
    "url": "value*=s",
    "user-account": """user_id=s credential=s account_login=s account_type=s display_name=s
        is_service_account=b is_privileged=b can_escalate_privs=b is_disabled=b account_created=t
        account_expires=t credential_last_changed=t account_first_login=t account_last_login=t""",
    "windows-registry-key": """key=s values=parts:registry modified_time=t creator_user_ref=ref:user-account
        number_of_subkeys=n""",
    "x509-certificate": """is_self_signed=b hashes=hashes version=s serial_number=s
        signature_algorithm=s issuer=s validity_not_before=t validity_not_after=t subject=s
        subject_public_key_algorithm=s subject_public_key_modulus=s subject_public_key_exponent=n
        x509_v3_extensions=part:x509-v3""",
}

# Of these at least one must be there.
AT_LEAST_ONE: dict[str, tuple[str, ...]] = {
    "file": ("hashes", "name"),
    "location": ("region", "country", "latitude"),
    "malware-analysis": ("result", "analysis_sco_refs"),
    "network-traffic": ("src_ref", "dst_ref"),
    "observed-data": ("object_refs", "objects"),
}
# These need any one property of their own.
AT_LEAST_TYPES = frozenset({"process", "user-account", "windows-registry-key", "x509-certificate"})

# Where the first is there, the second must be too.
TOGETHER: dict[str, tuple[tuple[str, str], ...]] = {
    "artifact": (("url", "hashes"), ("decryption_key", "encryption_algorithm")),
    "location": (("latitude", "longitude"), ("longitude", "latitude"), ("precision", "latitude")),
}
# These may not stand side by side.
APART: dict[str, tuple[str, str]] = {
    "artifact": ("payload_bin", "url"),
    "observed-data": ("object_refs", "objects"),
}

# (earlier, later, may they be equal)
TIME_ORDER: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "campaign": (("first_seen", "last_seen", True),),
    "indicator": (("valid_from", "valid_until", False),),
    "infrastructure": (("first_seen", "last_seen", True),),
    "intrusion-set": (("first_seen", "last_seen", True),),
    "malware": (("first_seen", "last_seen", True),),
    "network-traffic": (("start", "end", True),),
    "observed-data": (("first_observed", "last_observed", True),),
    "relationship": (("start_time", "stop_time", False),),
    "sighting": (("first_seen", "last_seen", True),),
    "threat-actor": (("first_seen", "last_seen", True),),
}

HASHES: dict[str, str] = {
    "MD5": r"^[0-9a-fA-F]{32}$",
    "SHA-1": r"^[0-9a-fA-F]{40}$",
    "SHA-256": r"^[0-9a-fA-F]{64}$",
    "SHA-512": r"^[0-9a-fA-F]{128}$",
    "SHA3-256": r"^[0-9a-fA-F]{64}$",
    "SHA3-512": r"^[0-9a-fA-F]{128}$",
    "SSDEEP": r"^[0-9]+:[0-9a-zA-Z/+]*:[0-9a-zA-Z/+]*$",
    "TLSH": r"^(T1)?[0-9a-fA-F]{70}$",
}

ENUMS: dict[str, tuple[str, ...]] = {
    "opinion": ("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"),
    "extension": (
        "new-sdo",
        "new-sco",
        "new-sro",
        "property-extension",
        "toplevel-property-extension",
    ),
    "encryption": ("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated"),
    "registry": _words(
        "REG_NONE REG_SZ REG_EXPAND_SZ REG_BINARY REG_DWORD REG_DWORD_BIG_ENDIAN "
        "REG_DWORD_LITTLE_ENDIAN REG_LINK REG_MULTI_SZ REG_RESOURCE_LIST "
        "REG_FULL_RESOURCE_DESCRIPTION REG_RESOURCE_REQUIREMENTS_LIST REG_QWORD "
        "REG_INVALID_TYPE"
    ),
    "address-family": _words(
        "AF_UNSPEC AF_INET AF_IPX AF_APPLETALK AF_NETBIOS AF_INET6 AF_IRDA AF_BTH"
    ),
    "socket": _words("SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET"),
    "integrity": _words("low medium high system"),
    "service-start": _words(
        "SERVICE_AUTO_START SERVICE_BOOT_START SERVICE_DEMAND_START SERVICE_DISABLED "
        "SERVICE_SYSTEM_ALERT"
    ),
    "service-type": _words(
        "SERVICE_KERNEL_DRIVER SERVICE_FILE_SYSTEM_DRIVER SERVICE_WIN32_OWN_PROCESS "
        "SERVICE_WIN32_SHARE_PROCESS"
    ),
    "service-status": _words(
        "SERVICE_CONTINUE_PENDING SERVICE_PAUSE_PENDING SERVICE_PAUSED SERVICE_RUNNING "
        "SERVICE_START_PENDING SERVICE_STOP_PENDING SERVICE_STOPPED"
    ),
}

_MOTIVATION = """accidental coercion dominance ideology notoriety organizational-gain personal-gain
    personal-satisfaction revenge unpredictable"""
_RESOURCES = "individual club contest team organization government"

# Open vocabularies: another value is valid and worth a word to the reader.
OPEN: dict[tuple[str, str], frozenset[str]] = {
    key: frozenset(values.split())
    for key, values in {
        ("grouping", "context"): "suspicious-activity malware-analysis unspecified",
        ("identity", "identity_class"): "individual group system organization class unknown",
        (
            "identity",
            "sectors",
        ): """agriculture aerospace automotive chemical commercial communications
            construction defense education energy entertainment financial-services government
            emergency-services government-local government-national government-public-services
            government-regional healthcare hospitality-leisure infrastructure dams nuclear water
            insurance legal manufacturing mining non-profit pharmaceuticals retail technology
            telecommunications transportation utilities""",
        ("indicator", "indicator_types"): """anomalous-activity anonymization benign compromised
            malicious-activity attribution unknown""",
        ("indicator", "pattern_type"): "stix pcre sigma snort suricata yara",
        ("infrastructure", "infrastructure_types"): """amplification anonymization botnet
            command-and-control control-system exfiltration firewall hosting-malware
            hosting-target-lists phishing reconnaissance routers-switches staging workstation
            unknown""",
        ("intrusion-set", "resource_level"): _RESOURCES,
        ("intrusion-set", "primary_motivation"): _MOTIVATION,
        ("intrusion-set", "secondary_motivations"): _MOTIVATION,
        (
            "malware",
            "malware_types",
        ): """adware backdoor bot bootkit ddos downloader dropper exploit-kit
            keylogger ransomware remote-access-trojan resource-exploitation rogue-security-software
            rootkit screen-capture spyware trojan unknown virus webshell wiper worm""",
        ("malware", "architecture_execution_envs"): "alpha arm ia-64 mips powerpc sparc x86 x86-64",
        ("malware", "implementation_languages"): """applescript bash c c++ c# go java javascript lua
            objective-c perl php powershell python ruby rust scala swift typescript visual-basic x86-32
            x86-64""",
        ("malware", "capabilities"): """accesses-remote-machines anti-debugging anti-disassembly
            anti-emulation anti-memory-forensics anti-sandbox anti-vm captures-input-peripherals
            captures-output-peripherals captures-system-state-data cleans-traces-of-infection
            commits-fraud communicates-with-c2 compromises-data-availability
            compromises-data-integrity compromises-system-availability controls-local-machine
            degrades-security-software degrades-system-updates determines-c2-server emails-spam
            escalates-privileges evades-av exfiltrates-data fingerprints-host hides-artifacts
            hides-executing-code infects-files infects-remote-machines installs-other-components
            persists-after-system-reboot prevents-artifact-access prevents-artifact-deletion
            probes-network-environment self-modifies steals-authentication-credentials
            violates-system-operational-integrity""",
        ("malware-analysis", "result"): "malicious suspicious benign unknown",
        ("report", "report_types"): """attack-pattern campaign identity incident indicator
            intrusion-set malware observed-data threat-actor threat-report tool vulnerability""",
        (
            "threat-actor",
            "threat_actor_types",
        ): """activist competitor crime-syndicate criminal hacker
            insider-accidental insider-disgruntled nation-state private-sector sensationalist spy
            terrorist unknown""",
        ("threat-actor", "roles"): """agent director independent infrastructure-architect
            infrastructure-operator malware-author sponsor""",
        ("threat-actor", "sophistication"): """none minimal intermediate advanced expert innovator
            strategic""",
        ("threat-actor", "resource_level"): _RESOURCES,
        ("threat-actor", "primary_motivation"): _MOTIVATION,
        ("threat-actor", "secondary_motivations"): _MOTIVATION,
        ("threat-actor", "personal_motivations"): _MOTIVATION,
        (
            "tool",
            "tool_types",
        ): """denial-of-service exploitation information-gathering network-capture
            credential-exploitation remote-access vulnerability-scanning unknown""",
        (
            "user-account",
            "account_type",
        ): """facebook ldap nis openid radius skype tacacs twitter unix
            windows-local windows-domain""",
        (
            "location",
            "region",
        ): """africa eastern-africa middle-africa northern-africa southern-africa
            western-africa americas caribbean central-america latin-america-caribbean
            northern-america south-america asia central-asia eastern-asia southern-asia
            south-eastern-asia western-asia europe eastern-europe northern-europe southern-europe
            western-europe oceania antarctica australia-new-zealand melanesia micronesia
            polynesia""",
    }.items()
}

OPEN_BY_TYPE: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {
    stix_type: tuple((name, values) for (owner, name), values in OPEN.items() if owner == stix_type)
    for stix_type in {owner for owner, _ in OPEN}
}

_PLACES = "identity,location,vulnerability"
_TOOLS = "attack-pattern,infrastructure,malware,tool"
_ADDRESSES = "ipv4-addr,ipv6-addr,domain-name,url"
_ANY_SCO = ",".join(sorted(SCO))

# source: relationship>targets (section 4 and appendix B of the standard)
_RELATIONSHIPS: dict[str, str] = {
    "attack-pattern": f"delivers>malware targets>{_PLACES} uses>malware,tool",
    "campaign": f"""attributed-to>intrusion-set,threat-actor compromises>infrastructure
        originates-from>location targets>{_PLACES} uses>{_TOOLS}""",
    "course-of-action": """investigates>indicator
        mitigates>attack-pattern,indicator,malware,tool,vulnerability
        remediates>malware,vulnerability""",
    "domain-name": "resolves-to>domain-name,ipv4-addr,ipv6-addr",
    "identity": "located-at>location",
    "indicator": """indicates>attack-pattern,campaign,infrastructure,intrusion-set,malware,threat-actor,tool
        based-on>observed-data""",
    "infrastructure": f"""communicates-with>infrastructure,{_ADDRESSES}
        consists-of>infrastructure,observed-data,{_ANY_SCO} controls>infrastructure,malware
        delivers>malware has>vulnerability hosts>tool,malware located-at>location
        uses>infrastructure""",
    "intrusion-set": f"""attributed-to>threat-actor compromises>infrastructure hosts>infrastructure
        owns>infrastructure originates-from>location targets>{_PLACES} uses>{_TOOLS}""",
    "ipv4-addr": "belongs-to>autonomous-system resolves-to>mac-addr",
    "ipv6-addr": "belongs-to>autonomous-system resolves-to>mac-addr",
    "malware": f"""authored-by>threat-actor,intrusion-set beacons-to>infrastructure
        exfiltrates-to>infrastructure communicates-with>{_ADDRESSES} controls>malware
        downloads>malware,tool,file drops>malware,tool,file exploits>vulnerability
        originates-from>location targets>infrastructure,{_PLACES} uses>{_TOOLS}
        variant-of>malware""",
    "malware-analysis": """characterizes>malware av-analysis-of>malware static-analysis-of>malware
        dynamic-analysis-of>malware""",
    "threat-actor": f"""attributed-to>identity compromises>infrastructure hosts>infrastructure
        owns>infrastructure impersonates>identity located-at>location targets>{_PLACES}
        uses>{_TOOLS}""",
    "tool": f"""delivers>malware drops>malware has>vulnerability targets>infrastructure,{_PLACES}
        uses>infrastructure""",
}
FREE_RELATIONSHIPS = frozenset({"derived-from", "duplicate-of", "related-to"})
RELATIONSHIPS: frozenset[tuple[str, str, str]] = frozenset(
    (source, kind, target)
    for source, kinds in _RELATIONSHIPS.items()
    for kind, _, targets in (item.partition(">") for item in kinds.split())
    for target in targets.split(",")
)

INCIDENT_CORE = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
INCIDENT_VALUES: dict[str, frozenset[str]] = {
    "determination": frozenset(
        _words(
            "blocked confirmed failed-attempt false-positive suspected low-value successful-attempt"
        )
    ),
    "investigation_status": frozenset({"new", "open", "closed"}),
}
INCIDENT_LISTS = frozenset({"detection_methods", "incident_types", "impact_refs", "scores"})
