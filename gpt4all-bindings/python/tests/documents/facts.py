"""Forty facts in twenty files in four languages, each with a question that has some of its words, and much else around
them."""

from __future__ import annotations

from pathlib import Path

# By language and file: a fact and its question, twice.
FACTS: dict[str, dict[str, tuple[tuple[str, str], tuple[str, str]]]] = {
    "english": {
        "boiler.md": (
            ("The boiler in the cellar was installed by Harlow & Sons in October 2014.", "Who installed the boiler?"),
            ("Its pressure should stay between 1.2 and 1.6 bar.", "What pressure should it have, in bar?"),
        ),
        "lease.md": (
            ("The deposit is three months' rent, held by the Meridian scheme.", "Which scheme holds the deposit?"),
            ("Dogs are allowed if they weigh less than twelve kilograms.", "How heavy may dogs be?"),
        ),
        "choir.md": (
            ("Rehearsals take place on Thursdays in the Quaker hall.", "Where do rehearsals take place?"),
            ("Our treasurer since the spring is Philippa Oduya.", "Who is the treasurer?"),
        ),
        "garden.md": (
            ("The pear tree by the gate was planted for Edith's christening.", "Why was the pear tree planted?"),
            ("Slugs are kept off the lettuces with crushed eggshells.", "What keeps slugs off the lettuces?"),
        ),
        "server.md": (
            ("Backups are written to the machine called basalt at 03:40.", "When are backups written, and where to?"),
            ("Error E4117 means that the certificate has expired.", "What does E4117 mean?"),
        ),
    },
    "german": {
        "heizung.md": (
            ("Der Heizkessel wird jedes Jahr im September von Firma Brandl gewartet.", "Wer wartet den Heizkessel?"),
            ("Der Notschalter sitzt hinter der grünen Kellertür.", "Wo ist der Notschalter?"),
        ),
        "verein.md": (
            ("Der Mitgliedsbeitrag beträgt 84 Euro im Jahr.", "Wie hoch ist der Mitgliedsbeitrag?"),
            ("Schriftführerin ist seit 2021 Annegret Löwe.", "Wer ist Schriftführerin?"),
        ),
        "auto.md": (
            ("Die Winterreifen lagern bei Reifen Schütz in der Gerberstraße.", "Wo lagern die Winterreifen?"),
            ("Der Zahnriemen wurde bei 118.000 Kilometern gewechselt.", "Wann wurde der Zahnriemen gewechselt?"),
        ),
        "rezepte.md": (
            ("In den Zwetschgenkuchen kommt eine Prise Kardamom.", "Welches Gewürz kommt in den Zwetschgenkuchen?"),
            ("Der Sauerteig ruht achtzehn Stunden im Kühlen.", "Wie lange ruht der Sauerteig?"),
        ),
        "reise.md": (
            ("Die Fähre nach Hiddensee legt um 9:15 Uhr in Schaprode ab.", "Wann legt die Fähre nach Hiddensee ab?"),
            ("Im Gasthaus Seeblick sind zwei Zimmer reserviert.", "In welchem Gasthaus sind Zimmer reserviert?"),
        ),
    },
    "spanish": {
        "casa.md": (
            ("La llave del trastero está en el cajón azul de la cocina.", "¿Dónde está la llave del trastero?"),
            ("El fontanero de confianza se llama Iñaki Beltrán.", "¿Cómo se llama el fontanero?"),
        ),
        "escuela.md": (
            ("La excursión al acuario será el 14 de mayo.", "¿Cuándo será la excursión al acuario?"),
            ("La tutora de la clase de tercero es Remedios Quiroga.", "¿Quién es la tutora de tercero?"),
        ),
        "huerto.md": (
            ("Los tomates se riegan al amanecer con agua del pozo viejo.", "¿Con qué agua se riegan los tomates?"),
            ("El cobertizo se pintó de amarillo en 2019.", "¿De qué color se pintó el cobertizo?"),
        ),
        "banda.md": (
            ("El clarinete prestado pertenece a la señora Urrutia.", "¿A quién pertenece el clarinete?"),
            ("Los ensayos duran noventa minutos.", "¿Cuánto duran los ensayos?"),
        ),
        "taller.md": (
            ("La sierra de cinta necesita hojas de 1.826 milímetros.", "¿Qué hojas necesita la sierra de cinta?"),
            ("El barniz se seca en seis horas si no llueve.", "¿En cuánto tiempo se seca el barniz?"),
        ),
    },
    "japanese": {
        "ie.md": (
            ("給湯器の保証期間は二〇二八年三月までです。", "給湯器の保証期間はいつまでですか。"),
            ("予備の鍵は大家の佐久間さんが持っています。", "予備の鍵は誰が持っていますか。"),
        ),
        "gakkou.md": (
            ("運動会は十月第二土曜日に河川敷で行われます。", "運動会はどこで行われますか。"),
            ("給食費は毎月四千八百円です。", "給食費はいくらですか。"),
        ),
        "hatake.md": (
            ("里芋は五月の連休に植え付けます。", "里芋はいつ植え付けますか。"),
            ("井戸のポンプは栗原工務店が修理しました。", "井戸のポンプを修理したのはどこですか。"),
        ),
        "ryokou.md": (
            ("旅館の夕食は六時半から竹の間で出されます。", "旅館の夕食はどの部屋ですか。"),
            ("帰りの特急は十五時四十二分発です。", "帰りの特急は何時発ですか。"),
        ),
        "kaisha.md": (
            ("経費の申請は毎月二十日に締め切られます。", "経費の申請の締め切りはいつですか。"),
            ("会議室の暗証番号は総務の野々村さんに聞いてください。", "会議室の暗証番号は誰に聞きますか。"),
        ),
    },
}

_AROUND = {
    "english": "The meeting agreed that this should be looked at again next year. Several people asked for more time. "
    "Nobody had written down what was said before, so the list was begun anew.",
    "german": "Die Anwesenden waren sich einig, dass darüber im nächsten Jahr noch einmal gesprochen wird. Mehrere "
    "baten um mehr Zeit. Niemand hatte aufgeschrieben, was vorher gesagt worden war.",
    "spanish": "Los presentes acordaron hablar de ello otra vez el año que viene. Varias personas pidieron más tiempo. "
    "Nadie había apuntado lo que se dijo antes, así que se empezó de nuevo la lista.",
    "japanese": "この件については来年もう一度話し合うことになった。何人かはもっと時間がほしいと言った。"
    "以前の話を書き留めた人はいなかったので、最初から一覧を作り直した。",
}


def write(folder: Path) -> list[tuple[str, str]]:
    """Writes the files, and returns questions with the facts that answer them."""
    asked = []
    for language, files in FACTS.items():
        for name, facts in files.items():
            parts = [f"{number}. {_AROUND[language]}" for number in range(1, 25)]
            for place, (fact, question) in zip((6, 17), facts, strict=True):
                parts.insert(place, fact)
                asked.append((question, fact))
            path = folder / language / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return asked
