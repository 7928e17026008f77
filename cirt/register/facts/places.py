"""Sectors and countries as data: the codes that STIX, agreements and statistics use."""

from string import ascii_uppercase

from cirt.kernel.text import mark

# industry-sector-ov of STIX 2.1, section 10.14: the words that agreements and releases name too.
SECTORS = {
    "aerospace": mark("Aerospace"),
    "agriculture": mark("Agriculture and food"),
    "automotive": mark("Cars and their makers"),
    "chemical": mark("Chemical industry"),
    "commercial": mark("Trade and offices"),
    "communications": mark("Communications"),
    "construction": mark("Construction"),
    "dams": mark("Dams"),
    "defense": mark("Defence"),
    "education": mark("Education"),
    "emergency-services": mark("Emergency services"),
    "energy": mark("Energy"),
    "entertainment": mark("Entertainment"),
    "financial-services": mark("Banks and financial services"),
    "government": mark("Government"),
    "government-local": mark("Government, local"),
    "government-national": mark("Government, national"),
    "government-public-services": mark("Government, public services"),
    "government-regional": mark("Government, regional"),
    "healthcare": mark("Health care"),
    "hospitality-leisure": mark("Hotels and leisure"),
    "infrastructure": mark("Infrastructure"),
    "insurance": mark("Insurance"),
    "legal": mark("Law and courts"),
    "manufacturing": mark("Manufacturing"),
    "mining": mark("Mining"),
    "non-profit": mark("Non-profit organisations"),
    "nuclear": mark("Nuclear"),
    "pharmaceuticals": mark("Medicines"),
    "retail": mark("Retail"),
    "technology": mark("Information technology"),
    "telecommunications": mark("Telecommunications"),
    "transportation": mark("Transport"),
    "utilities": mark("Utilities"),
    "water": mark("Water"),
}


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Others cannot live or work without these, so what hits them is looked at sooner.
CRITICAL_SECTORS = _codes(
    """communications dams emergency-services energy financial-services government-national
    healthcare infrastructure nuclear telecommunications transportation utilities water"""
)

# ISO 3166-1 alpha-2 as officially assigned, and XA to XZ, which it leaves to its users.
COUNTRIES = frozenset(f"X{letter}" for letter in ascii_uppercase) | _codes(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
    """
)
