"""First aid, by the way somebody came to the counter: plain words, a few lines, before and after sending."""

from collections.abc import Mapping

from cirt.kernel.text import mark
from cirt.register.models import Lane

Advice = Mapping[Lane | None, tuple[str, ...]]

BEFORE: Advice = {
    None: (
        mark(
            "Unplug the network cable or switch off Wi-Fi. Leave the computer on: it may hold traces."
        ),
        mark("Do not delete anything, and do not answer the attacker."),
        mark("Write down what you saw and when. Keep suspicious mail as it is."),
        mark("Change passwords from another computer."),
    ),
    Lane.CITIZEN: (
        mark("Do not answer, do not click any more, do not send money."),
        mark("Money or a card involved? Call your bank now, with the number on the card."),
        mark("Change the password from another device, that of your e-mail first."),
        mark("Keep the messages, numbers and pictures of the screen."),
    ),
    Lane.FIRM: (
        mark("Take the affected computers off the network, and leave them switched on."),
        mark("Do not delete, reinstall or pay before you have talked to somebody."),
        mark("Check that your backups are safe and not connected."),
        mark("Were payment details changed? Call the bank and your customers now."),
    ),
    Lane.OPERATOR: (
        mark("People and supply first: follow your emergency plan."),
        mark("Cut off the affected part where that is safe, and work by hand there."),
        mark("Do not restart or reinstall: logs and memory may hold traces."),
        mark("Report now what you know. The rest can follow with the code."),
    ),
    Lane.SPAM: (
        mark("Do not open what is attached, do not answer, do not unsubscribe."),
        mark("Save the message as a file (.eml) and add it: so its headers stay whole."),
        mark(
            "You clicked, paid or typed a password? Then report it as a private person or a firm."
        ),
    ),
}

AFTER: Advice = {
    None: (
        mark("Leave things as they are until you hear from us, if you can."),
        mark("Look here again tomorrow: we may have a question."),
    ),
    Lane.CITIZEN: (
        mark("Look here again tomorrow: we may have a question."),
        mark("Watch your bank account and your e-mail for some weeks."),
        mark("Somebody calls and says they are from us? Ask for your reference."),
    ),
    Lane.FIRM: (
        mark("Leave the affected computers as they are until you hear from us, if you can."),
        mark("Tell your colleagues what happened, by telephone, not by mail."),
        mark("Personal data lost? Your data protection authority may have to know soon."),
    ),
    Lane.OPERATOR: (
        mark("Keep the telephone of the person you named within reach."),
        mark("Send what you learn with the code, as soon as you know it."),
        mark("Keep logs of the last 90 days from being overwritten."),
    ),
    Lane.SPAM: (
        mark("Delete the message now, or move it to junk."),
        mark("We read every one, but write back only if we need to know more."),
    ),
}
