"""Receipts of invented shops as many countries print them: what names the shop differs from one to the next."""

# ruff: noqa: RUF001 - receipts print these signs.
from __future__ import annotations

from tests.reading.papers import Paper

SLIPS: dict[str, Paper] = {
    "supermarket_de": Paper(
        """
=14 Frischemarkt Lindenau
=9 Karl-Heine-Str. 212
=9 04229 Leipzig
=9 Tel.: 0341 / 5550122

                                   EUR
Bio Vollmilch 3,8%               1,39 B
Roggenmischbrot                  2,89 B
Spülmittel                       1,15 A
Bananen
   0,842 kg x  1,79 EUR/kg       1,51 B
--------------------------------------
SUMME                    EUR      6,94
Geg. Girocard            EUR      6,94

Steuer  %    Netto    Steuer   Brutto
A   19,0%     0,97      0,18     1,15
B    7,0%     5,41      0,38     5,79
Gesamtbetrag  6,38      0,56     6,94

* * Kundenbeleg * *
Datum:     14.03.2024
Uhrzeit:   17:42:09 Uhr
Beleg-Nr.  4471
Trace-Nr.  018231
UID Nr.: DE000000000
Vielen Dank für Ihren Einkauf!
""",
        ("Frischemarkt Lindenau",),
        "2024-03-14",
        "6.94",
    ),
    "bistro_fr": Paper(
        """
=9 Bienvenue
=15 LE COMPTOIR DE MARGOT
=9 SARL au capital de 8 000 euros
=9 18, rue des Tanneurs
=9 35000 RENNES
=9 Tél : 02 99 00 00 00
=9 SIRET 000 000 000 00017

TABLE : 12      COUVERTS : 2
Le 07/06/2024 à 13:21   Serveur : Léa
--------------------------------------
2  Formule midi                  37,80
1  Carafe vin rouge              11,00
2  Café gourmand                 15,00
--------------------------------------
TOTAL TTC                      63,80 €

Taux      HT       TVA       TTC
10%    48,00      4,80     52,80
20%     9,17      1,83     11,00

CB                             63,80 €
Ticket n° 000412
Merci de votre visite et à bientôt
""",
        ("LE COMPTOIR DE MARGOT",),
        "2024-06-07",
        "63.80",
    ),
    "pub_uk": Paper(
        """
=9 The
=13 CROOKED BILLET
=9 14 High Street, Thame
=9 Oxfordshire OX9 3ZZ
=9 Tel 01844 000000
=9 VAT No. 000 0000 00

Table 7                     Covers 3
12/04/2024  19:48      Chk 20117
------------------------------------
2 Steak & Ale Pie              33.00
1 Halloumi Burger              14.50
3 Pint Best Bitter             14.70
------------------------------------
Subtotal                       62.20
Optional Service 10%            6.22
TOTAL                         £68.42
VAT @ 20% included             10.37

Find us at www.crookedbillet.example
""",
        ("CROOKED BILLET", "The CROOKED BILLET"),
        "2024-04-12",
        "68.42",
    ),
    "fuel_us": Paper(
        """
=9 WELCOME TO
=12 QUICKSTOP #4412
=9 1200 N MAIN ST
=9 DOVER DE 19901

DATE 08/19/24  14:07
TRAN# 9041182
PUMP# 04
SERVICE LEVEL: SELF

PRODUCT: UNLD
GALLONS:                 11.348
PRICE/G:                 $3.279
FUEL SALE                $37.21

TOTAL                    $37.21
CREDIT                   $37.21

VISA      XXXXXXXXXXXX1881
AUTH #: 02214D
THANK YOU FOR YOUR BUSINESS
HAVE A NICE DAY
""",
        ("QUICKSTOP #4412", "QUICKSTOP"),
        "2024-08-19",
        "37.21",
    ),
    "bar_es": Paper(
        """
=14 CASA MANOLITA
=9 Manuela Ortiz Gil
=9 NIF: 00000000T
=9 C/ Mayor, 31
=9 50001 ZARAGOZA

FACTURA SIMPLIFICADA
Nº: T24/003318      Mesa: 5
Fecha: 21/05/2024   Hora: 15:12

UDS  DESCRIPCION     PRECIO  IMPORTE
2    MENU DEL DIA     14,50    29,00
1    AGUA 1L           2,20     2,20
2    CORTADO           1,50     3,00
------------------------------------
TOTAL                        34,20 €

BASE        % IVA     CUOTA
31,09       10,00      3,11

IVA INCLUIDO - GRACIAS POR SU VISITA
""",
        ("CASA MANOLITA", "Manuela Ortiz Gil"),
        "2024-05-21",
        "34.20",
    ),
    "trattoria_it": Paper(
        """
=14 TRATTORIA DA NELLO
=9 di Rossetti Aldo & C. s.n.c.
=9 Via Garibaldi 104
=9 41121 MODENA (MO)
=9 P.IVA 00000000000
=9 Tel. 059 000000

=9 DOCUMENTO COMMERCIALE
=9 di vendita o prestazione

DESCRIZIONE        IVA     Prezzo(€)
COPERTO 2          10%          5,00
TORTELLINI BRODO   10%         13,00
COTOLETTA          10%         16,50
ACQUA              10%          2,50
VINO CASA 1/2      10%          7,00
------------------------------------
TOTALE COMPLESSIVO             44,00
di cui IVA                      4,00

Pagamento elettronico          44,00
Importo pagato                 44,00

=9 09-02-2024 21:37
=9 DOCUMENTO N. 0412-0031
=9 RT 99MEX000000
""",
        ("TRATTORIA DA NELLO", "di Rossetti Aldo & C. s.n.c.", "Rossetti Aldo & C. s.n.c."),
        "2024-02-09",
        "44.00",
    ),
    "supermarket_nl": Paper(
        """
=15 de Volle Mand
=9 Filiaal 1183 Haarlem Centrum
=9 Grote Houtstraat 99  023-0000000

AANTAL OMSCHRIJVING     PRIJS BEDRAG
1      HALFVOLLE MELK            1,29
2      VOLKOREN BROOD   2,49     4,98
1      KAAS JONG 500G            6,35
------------------------------------
4      SUBTOTAAL                12,62
       TOTAAL                   12,62

BETAALD MET:
PINNEN                          12,62

BTW     OVER      EUR
9%     11,58     1,04

0031   11:52   18-4-2024   1183
=9 Bedankt voor uw bezoek aan de Volle Mand
=9 www.devollemand.example
""",
        ("de Volle Mand",),
        "2024-04-18",
        "12.62",
    ),
    "cafe_pt": Paper(
        """
=13 Pastelaria Aurora
=9 Aurora & Filhos, Lda
=9 Rua do Almada 77
=9 4050-036 Porto
=9 NIF: 500000000

Fatura Simplificada FS 2024A/1122
Original
Data: 2024-01-19 10:22
Contribuinte: Consumidor final

Qtd  Descrição        P.Unit   Total
2    Meia de leite      1,40    2,80
1    Pastel de nata     1,30    1,30
1    Tosta mista        3,90    3,90

Total                         8,00 €
Multibanco                    8,00 €

Taxa   Incidência   IVA
13%          7,08  0,92
Processado por programa certificado
nº 0000/AT
""",
        ("Pastelaria Aurora", "Aurora & Filhos, Lda"),
        "2024-01-19",
        "8.00",
    ),
    "convenience_ja": Paper(
        """
=13 サンマート
=9 高円寺南口店
=9 東京都杉並区高円寺南9-9-9
=9 電話：03-0000-0000
=9 レジ#2

2024年05月18日(土) 08:14   責 104
=11 領　収　証

おにぎり 鮭              ¥150軽
緑茶 525ml               ¥130軽
単三電池 4本             ¥498

小計（税抜 8%）          ¥280
消費税等（ 8%）           ¥22
小計（税抜10%）          ¥498
消費税等（10%）           ¥49
合　計                   ¥849
お預り                 ¥1,000
お　釣                   ¥151
登録番号 T0000000000000
""",
        ("サンマート", "サンマート 高円寺南口店"),
        "2024-05-18",
        "849",
    ),
    "taxi_de": Paper(
        """
=14 Quittung
=9 über Fahrtkosten im Stadtverkehr

Fahrt von   Hauptbahnhof
nach        Messe West
Ordnungs-Nr.        214
Datum       11.10.2024   09:35

Fahrpreis           EUR 23,40
inkl. 7% MwSt.      EUR  1,53

Gesamt              EUR 23,40

Betrag dankend erhalten

Taxi Brandl
Inh. Josef Brandl
Amselweg 9
85221 Dachau
St.-Nr. 000/000/00000
""",
        ("Taxi Brandl", "Josef Brandl"),
        "2024-10-11",
        "23.40",
    ),
    "pharmacy_de": Paper(
        """
=14 Linden-Apotheke
=9 Dr. Eva Kern e.Kfr.
=9 Marktplatz 6 · 88400 Biberach
=9 Tel. 07351/000000
=9 USt-IdNr. DE000000000

Ihr Berater: Fr. Seitz

PZN       Artikel              Betrag
00000000  IBUPROFEN 400 20St     4,97
00000000  Nasenspray 10ml        3,45
--------------------------------------
Gesamtsumme EUR                  8,42
Bar                             10,00
Rückgeld                         1,58

19% MwSt.   1,34   Netto   7,08
Bon 77120  02.12.2024 16:20
Gute Besserung wünscht Ihre
Linden-Apotheke
""",
        ("Linden-Apotheke", "Dr. Eva Kern e.Kfr."),
        "2024-12-02",
        "8.42",
    ),
    "hotel_at": Paper(
        """
^16 Gasthof zum Wilden Mann
^9 Familie Oberhauser KG, 6167 Neustift, Dorf 22
^9 Tel +43 5226 0000  info@wildermann.example  ATU00000000

Herr
Dr. Jakob Stein
Uferweg 4
8010 Graz

^13 Rechnung 2024/0518
Zimmer: 14     Anreise: 02.08.2024     Abreise: 05.08.2024
Neustift, 05.08.2024

Datum        Leistung                    Anzahl      Preis      Gesamt
02.08.2024   Doppelzimmer Halbpension         3     142,00      426,00
04.08.2024   Getränke                         1      38,60       38,60
05.08.2024   Ortstaxe                         6       2,50       15,00

                                   Rechnungsbetrag  EUR         479,60
                                   davon 10 % USt aus 387,27     38,73
                                   davon 20 % USt aus  32,17      6,43
Bezahlt mit Kreditkarte
""",
        ("Gasthof zum Wilden Mann", "Familie Oberhauser KG"),
        "2024-08-05",
        "479.60",
    ),
    "hardware_my": Paper(
        """
=9 tan kok seng
=11 PERNIAGAAN BESI JAYA
=9 (81109-A)
=9 NO 290, JALAN AIR PANAS,
=9 SETAPAK,
=9 53200, KUALA LUMPUR.
=9 TEL : 03-0000 0000
=9 GST ID : 000750673920

=9 SIMPLIFIED TAX INVOICE
CASH
Doc No. : CS00031663  Date: 12/01/2018
Cashier : USER        Time: 16:46:00
Ref.    :

Item        Qty   S/Price  Amount Tax
1721          1     80.91   80.91  SR
RING/BOLT
      Total Qty: 1          80.91
      Total Sales (Excl GST):   76.33
      Total GST:                 4.58
      Rounding:                 -0.01
      Total Sales (Inclusive of GST): 80.90
      CASH :                    80.90
GOODS SOLD ARE NOT RETURNABLE
""",
        ("PERNIAGAAN BESI JAYA",),
        "2018-01-12",
        "80.90",
    ),
    "bakery_pl": Paper(
        """
=9 PIEKARNIA U ZOSI
=9 ZOFIA NOWACKA
=9 UL. DŁUGA 14
=9 30-001 KRAKÓW
=9 NIP 000-000-00-00
2024-03-02               nr wydr.10422
=11 PARAGON FISKALNY
CHLEB ŻYTNI      1 x 7,90      7,90 C
BUŁKA            6 x 0,89      5,34 C
SERNIK KG    0,450 x 39,90    17,96 B
SPRZEDAŻ OPODATKOWANA B         17,96
PTU B 8 %                        1,33
SPRZEDAŻ OPODATKOWANA C         13,24
PTU C 5 %                        0,63
SUMA PTU                         1,96
SUMA PLN                        31,20
00412 #1 KASJER 2          09:14
""",
        ("PIEKARNIA U ZOSI", "ZOFIA NOWACKA", "PIEKARNIA U ZOSI ZOFIA NOWACKA"),
        "2024-03-02",
        "31.20",
    ),
    "pharmacy_us": Paper(
        """
=9 HAWTHORNE DRUG
=9 0884 1ST AVE SW
=9 ALBANY, OR 97321   541.000.0000

REG#03 TRN#4417 CSHR#1050881 STR#7710

Helped by: DANA

ExtraSavings Card #: *******4411

1 SUNSCREEN SPF50         12.99T
1 COUGH DROPS              2.79T
2 ITEMS
SUBTOTAL                   15.78
OR 0.0% TAX                  .00
TOTAL                      15.78
CHARGE                     15.78
*************1008  RF
MASTERCARD
APPROVED# 08833Z    REF# 034417
JUNE 11, 2024               3:27 PM

THANK YOU. SHOP 24 HOURS AT HAWTHORNEDRUG.EXAMPLE
""",
        ("HAWTHORNE DRUG",),
        "2024-06-11",
        "15.78",
    ),
    "cafe_sv": Paper(
        """
=9 Välkommen till
=15 Kafé Lindblom
=9 Drivs av Nordkaffe AB
=9 Org.nr 556000-0000
=9 Storgatan 14, 411 38 Göteborg
=9 Tel 031-000 00 00

Kvitto nr 88123
2024-09-03 12:04  Kassa 1

1 st Räksmörgås             129,00
2 st Bryggkaffe              78,00

Totalt SEK                  207,00
Kort                        207,00

Moms%   Moms     Netto   Brutto
12,00   22,18   184,82   207,00
Tack för besöket!
""",
        ("Kafé Lindblom", "Nordkaffe AB"),
        "2024-09-03",
        "207.00",
    ),
    "coffee_us_name_only_in_its_address": Paper(
        """
=9 Order #47 - DINE IN
=9 312 Pearl Street
=9 Boulder, CO 80302
=9 (303) 000-0000

Server: Kim
Check #11             Table 4
Ordered:       5/6/24 8:51 AM

1 Oat Latte              $5.25
1 Blueberry Scone        $4.00

Subtotal                 $9.25
Tax                      $0.80
Total                   $10.05

Visa
Amount Paid             $10.05

=9 Thank you for visiting Blue Heron Coffee!
=9 hello@blueheroncoffee.example
""",
        ("Blue Heron Coffee",),
        "2024-05-06",
        "10.05",
    ),
    "parking_nl": Paper(
        """
=11 BETAALBEWIJS
=9 Parkeergarage Stadhuisplein
=9 ParkWel Beheer B.V.
=9 Postbus 114, 5600 AC Eindhoven
=9 BTW nr NL000000000B01

Ticketnr         0048812
Inrit   22-11-2024 09:02
Uitrit  22-11-2024 12:47

Parkeergeld        11,40
Incl. 21% BTW       1,98
Totaal EUR         11,40
Betaald met Maestro

Goede reis!
""",
        ("ParkWel Beheer B.V.", "Parkeergarage Stadhuisplein"),
        "2024-11-22",
        "11.40",
    ),
    "fuel_de": Paper(
        """
=13 NOVOIL
=9 Tankstelle Hansaring
=9 Peter Wesseling
=9 Hansaring 81
=9 48155 Münster
=9 Telefon 0251/000000
=9 St.Nr. 000/0000/0000

=9 Beleg-Nr. 6601/024/00002
=9 30.01.2024  07:12

*Zp 03  Super E10
 41,22 l    1,719 EUR/l
                       70,86 EUR A
Kaffee gross            2,60 EUR A
--------------------------------
Gesamtbetrag           73,46 EUR

Typ      Netto     MwSt    Brutto
A 19%    61,73    11,73     73,46

NOVOIL dankt, gute Fahrt!
""",
        ("NOVOIL", "Tankstelle Hansaring", "Peter Wesseling"),
        "2024-01-30",
        "73.46",
    ),
    "ramen_ja": Paper(
        """
=9 毎度ありがとうございます
=14 麺処　ふくろう
=9 〒460-0000
=9 愛知県名古屋市中区栄9-99
=9 TEL 052-000-0000

2024/07/07  20:31      No.0388
卓番 06        2名様
-------------------------------
特製らーめん    2   ¥2,300
味玉            1     ¥150
生ビール        2   ¥1,160
-------------------------------
小計                ¥3,610
(内消費税10%         ¥328)
合計                ¥3,610
クレジット          ¥3,610

またのご来店をお待ちしております
""",
        ("麺処 ふくろう", "麺処ふくろう"),
        "2024-07-07",
        "3610",
    ),
    "bookshop_fr": Paper(
        """
=13 Librairie
=15 L'ENCRE BLEUE
=9 4 place du Marché
=9 69400 Villefranche
=9 FR00000000000
=9 contact@lencrebleue.example

Ticket 2024-00981 du 23/11/2024 15:40
Vendeur 02

9780000000000
Un hiver à Lyon             21,90 €
9780000000001
Carnets                      9,50 €

2 articles
Total à payer               31,40 €
dont TVA 5,50 %              1,64 €
Espèces                     40,00 €
Rendu                        8,60 €

Échange sous 15 jours avec le ticket
""",
        ("L'ENCRE BLEUE", "Librairie L'ENCRE BLEUE"),
        "2024-11-23",
        "31.40",
    ),
    "grocery_ca": Paper(
        """
=9 YOUR NEIGHBOURHOOD GROCER SINCE 1962
=14 MAPLEWOOD FOODS
=9 2180 Lakeshore Rd W
=9 Mississauga ON L5J 1J8
=9 905-000-0000
=9 HST # 000000000 RT0001

21-GROCERY
06038318640  ORANGE JUICE   HMRJ   4.99
27-PRODUCE
(2)4065      GREEN PEPPERS  MRJ
2 @ 1.49                           2.98
SUBTOTAL                           7.97
H=HST 13%    4.99 @ 13.000%         .65
TOTAL                              8.62

DEBIT TEND                         8.62
DateTime: 2024/02/10 18:21:44
Retain this copy for your records
""",
        ("MAPLEWOOD FOODS",),
        "2024-02-10",
        "8.62",
    ),
    "restaurant_ch": Paper(
        """
=15 Rössli
=9 Restaurant & Bar
=9 Bahnhofstrasse 2
=9 8640 Rapperswil
=9 055 000 00 00
=9 CHE-000.000.000 MWST

Rechnung 4 / 118      Tisch 21
16.06.2024  21:05     Bedient von Ivo

2  Zürcher Geschnetzeltes     78.00
1  Merlot 5dl                 29.50
2  Espresso                    9.60
-----------------------------------
Total CHF                    117.10
Total EUR                    121.90

MWST 8.10%  108.33   8.77

Herzlichen Dank für Ihren Besuch
""",
        ("Rössli", "Rössli Restaurant & Bar"),
        "2024-06-16",
        "117.10",
    ),
    "cab_us": Paper(
        """
=9 CUSTOMER COPY
=9 Medallion  7K21
=9 Driver     5550118
=9 Harbor Line Taxi Corp
=9 (718) 000-0000

02/27/2024
Start 17:52   End 18:19
Trip#  81120
Miles  6.4
Rate 1  Regular fare
Fare            $24.50
Extra            $2.50
Toll             $6.94
Tip              $5.00
Total           $38.94
Card    ****4419
Auth    061882
Contact TLC dial 311
""",
        ("Harbor Line Taxi Corp",),
        "2024-02-27",
        "38.94",
    ),
    "bakery_de_two_names": Paper(
        """
^9 Bäckerei - Konditorei
^15 Hollerbusch
^9 Inh. Max Hollerbusch · Würzburger Str. 7 · 97070 Würzburg

Fil. 3 Zellerau            Bed. 12
09.09.24                   06:58

4 x Semmel      0,45      1,80
1 x Brezel                0,95
1 x Milchkaffee           3,20
SUMME                     5,95
BAR                      10,00
ZURÜCK                    4,05
enth. 7% MwSt.  0,18   aus 2,75
enth. 19% MwSt. 0,51   aus 3,20
TSE-Signatur: AbCdEf0123456789
Es bediente Sie Frau Roth
""",
        ("Hollerbusch", "Max Hollerbusch", "Bäckerei - Konditorei Hollerbusch"),
        "2024-09-09",
        "5.95",
    ),
    "pharmacy_it": Paper(
        """
=9 FARMACIA SAN MARCO
=9 della Dott.ssa Lucia Bianchetti
=9 Piazza Duomo 3 - 35100 Padova
=9 Part. IVA 00000000000

=9 DOCUMENTO COMMERCIALE
=9 di vendita o prestazione

DESCRIZIONE       IVA      Prezzo(€)
TICKET            ES            4,00
PARACETAMOLO      10%           5,20
CEROTTI           22%           3,90

TOTALE COMPLESSIVO             13,10
di cui IVA                      1,17
Pagamento contante             20,00
Resto                           6,90
CODICE FISCALE BNCLCU00A00A000A
=9 15/04/2024 18:33   DOC.N.0877-0112
""",
        ("FARMACIA SAN MARCO", "Lucia Bianchetti"),
        "2024-04-15",
        "13.10",
    ),
    "electronics_es": Paper(
        """
=9 TIENDA 044 - CC LA VAGUADA
=9 TECNOMUNDO IBÉRICA S.A.U.
=9 AVDA. MONFORTE DE LEMOS 36
=9 28029 MADRID
=9 CIF A00000000

Ticket: 044-03-118722
Fecha 30/12/2024 19:03   Caja 03

CABLE USB-C 2M          12,99
RATON INALAMBRICO       24,90

TOTAL EUR               37,89
TARJETA                 37,89

IVA 21%   BASE 31,31   CUOTA 6,58
CONSERVE ESTE TICKET PARA CAMBIOS
www.tecnomundo.example
""",
        ("TECNOMUNDO IBÉRICA S.A.U.",),
        "2024-12-30",
        "37.89",
    ),
    "hotel_en": Paper(
        """
                                                          GUEST FOLIO
^8 Room 318            Arrival 09/14/2024    Departure 09/16/2024
Guest: Priya Raman                      Confirmation: 88120417
14 Alder Court
Austin TX 78701

DATE         DESCRIPTION                       CHARGES       CREDITS
09/14/2024   Room charge                        189.00
09/14/2024   State occupancy tax                 11.34
09/15/2024   Room charge                        189.00
09/15/2024   State occupancy tax                 11.34
09/16/2024   Visa                                             400.68

                                  TOTAL         400.68
                                  BALANCE DUE     0.00

The Larkspur Inn at Riverside | 88 Quay Street, Portland, OR 97204
Tel (503) 000-0000 | stay@larkspurinn.example
""",
        ("The Larkspur Inn at Riverside", "The Larkspur Inn"),
        None,
        "400.68",
    ),
    "florist_da": Paper(
        """
=15 Blomsterhuset
=9 v/ Karen Holm
=9 Algade 33, 4000 Roskilde
=9 CVR 00000000
=9 Tlf. 46 00 00 00

Bon 10441    Eksp. 2
14-02-2024   16:18

Buket roser            249,00
Vase                    89,00
TOTAL DKK              338,00
Heraf moms              67,60
Dankort                338,00

Tak for besøget - på gensyn
""",
        ("Blomsterhuset", "Blomsterhuset v/ Karen Holm", "Karen Holm"),
        "2024-02-14",
        "338.00",
    ),
    "workshop_be": Paper(
        """
=9 GARAGE
=14 Vandenbossche & Zoon
=9 BV
=9 Gentsesteenweg 118, 9300 Aalst
=9 BTW BE 0000.000.000
=9 053 00 00 00

KASTICKET                   27/08/2024
Nummerplaat 1-AAA-000

Ruitenwissers (2)                34,00
Olie bijvullen                   18,50
TOTAAL                        € 52,50
waarvan BTW 21%                   9,11
BANCONTACT                       52,50
""",
        ("Vandenbossche & Zoon", "Vandenbossche & Zoon BV", "GARAGE Vandenbossche & Zoon"),
        "2024-08-27",
        "52.50",
    ),
}
