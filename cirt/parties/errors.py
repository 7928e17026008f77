"""What can go wrong with peers and accounts."""

from cirt.kernel.errors import Conflict, Invalid, NotFound, NotSignedIn
from cirt.kernel.text import mark


class NoSuchPeer(NotFound):
    code = "no-such-peer"
    message = mark("There is no peer {slug}. List them with: cirt peer list")


class PeerExists(Conflict):
    code = "peer-exists"
    message = mark("There is already a peer {slug}. Change it with: cirt peer set {slug}")


class NameTaken(Conflict):
    code = "name-taken"
    message = mark("The name {username} is already in use by another peer. Choose another one.")


class ExchangeKeyTaken(Conflict):
    code = "exchange-key-taken"
    message = mark("This exchange key is recorded of {slug} already. Each peer has one of its own.")


class NoSuchAccount(NotFound):
    code = "no-such-account"
    message = mark("There is no account {email}. List them with: cirt user list")


class AccountExists(Conflict):
    code = "account-exists"
    message = mark("There is already an account {email}.")


class AddressWrong(Invalid):
    code = "address-wrong"
    message = mark("“{email}” is not an e-mail address. Write one like name@example.org.")


class SlugWrong(Invalid):
    code = "slug-wrong"
    message = mark(
        "“{slug}” cannot name a peer. Use 2 to 40 lower-case letters, digits and hyphens."
    )


class CountryWrong(Invalid):
    code = "country-wrong"
    message = mark("“{country}” is no country code. Use two letters as in ISO 3166, like KE.")


class IdentityWrong(Invalid):
    code = "identity-wrong"
    message = mark(
        "“{identity}” is no STIX identity. It begins with identity-- and a UUID follows."
    )


class SignInRefused(NotSignedIn):
    code = "sign-in-refused"
    message = mark("That name and password do not belong together. Check both and try again.")


class PasswordWrong(Invalid):
    code = "password-wrong"
    message = mark("That is not your password. Nothing was changed.")


class DisableOneself(Conflict):
    code = "disable-oneself"
    message = mark("Another administrator must disable your account.")


class LastAdministrator(Conflict):
    code = "last-administrator"
    message = mark("{email} is the last administrator. Make another one first.")


class RoleToOneself(Conflict):
    code = "role-to-oneself"
    message = mark("Another administrator must grant you a role.")
