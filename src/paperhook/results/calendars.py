# ruff: noqa: RUF001 - Cyrillic, Greek and Arabic letters are the point
"""Names of months and days in the languages of Europe and of some beside it, without accents and in lower case.

Source: Unicode CLDR 47 (Unicode-3.0 licence), wide and abbreviated, as they stand in a date and alone; Catalan, Galician,
Spanish, Portuguese, French, Italian, Romanian, English, German, Dutch, Afrikaans, Danish, Swedish, Norwegian, Finnish, Estonian,
Latvian, Lithuanian, Polish, Czech, Slovak, Slovene, Croatian, Bosnian, Serbian, Macedonian, Bulgarian, Ukrainian, Belarusian,
Russian, Kazakh, Hungarian, Turkish, Azerbaijani, Albanian, Maltese, Irish, Welsh, Basque, Greek, Arabic, Hebrew, Persian,
Indonesian, Malay and Swahili; and a few spellings that receipts have.
"""

from __future__ import annotations

from collections.abc import Mapping

from .names import words_in

_NAMES = (
    """
    ean eanair ene enero gen gener gennaio ian ianuarie ion ionawr jaan jaanuar jaenner jan janar janeiro jannar
    janner januar januara januari januarie january janv janvaris janvier led leden ledna oca ocak saus sausio sausis
    sij sijecanj sijecnja sty styczen stycznia tammi tammikuu tammikuuta urt urtarrila xan xaneiro yan yanvar ιαν
    ιανουαριος ιανουαριου сту студзень студзеня січ січень січня янв январь января яну януари јан јануар јануари қаң
    қаңтар בינו בינואר ינו ינואר يناير ژانویه
    """,
    """
    chw chwef chwefror feabh feabhra feb febbraio febr febreiro febrer febrero februar februara februari februarie
    februaris february fev fevereiro fevr fevral fevrier fra frar helmi helmikuu helmikuuta lut lutego luty ots
    otsaila shk shkurt sub subat uno unor unora vas vasario vasaris veebr veebruar velj veljaca veljace φεβ
    φεβρουαριος φεβρουαριου ақп ақпан лют лютага лютии лютого люты феб фебруар фев февр февраль февраля февруари בפבר
    בפברואר פבר פברואר فبراير فوریه
    """,
    """
    bre brezen brezna kov kovas kovo maalis maaliskuu maaliskuuta maart mac machi maerz mar marc marca march marcius
    marco marec maret mars mart marta martie marts martxoa marz marzec marzo marzu maw mawrth mrt mrz ozu ozujak
    ozujka μαρ μαρτιος μαρτιου бер березень березня мар март марта нау наурыз сак сакавік сакавіка במרץ מרץ مارس
    """,
    """
    abr abril aib aibrean api apirila apr aprel april aprila aprile aprili aprilie aprilis aprill avr avril bal
    balandis balandzio dub duben dubna ebr ebrill huhti huhtikuu huhtikuuta kwi kwiecien kwietnia nis nisan pri prill
    tra travanj travnja απρ απριλιος απριλιου апр апрель апреля април квіт квітень квітня кра красавік красавіка сәу
    сәуір אפר אפריל באפר באפריל ابريل اوریل
    """,
    """
    beal bealtaine geg geguze geguzes kve kveten kvetna mag maggio mai maiatza maig maijs maio maj maja majus may mayo
    mei mej mejju svi svibanj svibnja touko toukokuu toukokuuta mayıs μαι μαιος μαιου маи мам мамыр мая мај трав
    травень травня במאי מאי مايو مه
    """,
    """
    birz birzelio birzelis cerven cervna cvn cze czerwca czerwiec eka ekaina giu giugno gun gunju haz haziran iun
    iunie iyn iyun juin jun juna june junho juni junie junij junijs junio junius juny juuni kesa kesakuu kesakuuta
    lipanj lipnja meh mehefin meith meitheamh qer qershor xuno ιουν ιουνιος ιουνιου июн июнь июня мау маусым черв
    червень червня чэр чэрвень чэрвеня юни јун јуни ביוני יוני يونيو ژوين
    """,
    """
    cervence cervenec cvc gor gorff gorffennaf heina heinakuu heinakuuta iuil iul iulie iyl iyul juil juillet jul jula
    julai julho juli julie julij julijs julio juliol julius july juuli korr korrik liep liepa liepos lipca lipiec lug
    luglio lul lulju srpanj srpnja tem temmuz uzt uztaila xul xullo ιουλ ιουλιος ιουλιου июл июль июля лип липень
    липня ліп ліпень ліпеня шіл шілде юли јул јули ביולי יולי يوليو ژويیه
    """,
    """
    abu abuztua ag ago agost agosti agosto agu agust agustos agustus aout aug august augusta augusti augusts augustus
    augusztus avg avgust avq avqust awst aww awwissu elo elokuu elokuuta gush gusht kol kolovoz kolovoza lun lunasa
    ogo ogos rugp rugpjucio rugpjutis sie sierpien sierpnia srpen srpna αυγ αυγουστος αυγουστου авг август августа жні
    жнівень жніуня серп серпень серпня там тамыз אוג אוגוסט באוג באוגוסט اغسطس اوت
    """,
    """
    eyl eylul ira iraila medi mfomh rugs rugsejis rugsejo ruj rujan rujna sen sentyabr sep sept septemba septembar
    september septembra septembre septembrie septembris septiembre set setembre setembro setiembre settembre settembru
    sht shtator syys syyskuu syyskuuta szept szeptember wrz wrzesien wrzesnia zar zari σεπ σεπτεμβριος σεπτεμβριου вер
    верасень верасня вересень вересня сент сентябрь сентября сеп септембар септември қыр қыркүиек בספט בספטמבר ספט
    ספטמבר سبتمبر سپتامبر
    """,
    """
    dfomh eki ekim hyd hydref loka lokakuu lokakuuta oct october octobre octombrie octubre okt oktoba oktobar oktober
    oktobra oktobris oktoober oktyabr ott ottobre ottubru out outubro paz pazdziernik pazdziernika rij rijen rijna
    spal spalio spalis tet tetor urr urria οκτ οκτωβριος οκτωβριου жовт жовтень жовтня кас кастрычнік кастрычніка окт
    октобар октомври октябрь октября қаз қазан אוק אוקטובר באוק באוקטובר اكتوبر اکتبر
    """,
    """
    aza azaroa kas lapkr lapkricio lapkritis listopadu marras marraskuu marraskuuta nen nentor noiembrie nov novemba
    novembar november novembra novembre novembris novembro novembru noviembre noy noyabr samh samhain stu studeni
    studenoga tach tachwedd kasım νοε νοεμβριος νοεμβριου лист листопад листопада ліс лістапад лістапада нов новембар
    ное ноември нояб ноябрь ноября қар қараша בנוב בנובמבר נוב נובמבר نوامبر نوفمبر
    """,
    """
    abe abendua ara dec decembar december decembra decembre decembrie decembris decembro dek dekabr des desemba
    desember desembre dets detsember dez dezember dezembro dhj dhjetor dic dicembre dicembru diciembre dis disember
    gru grudnia grudzien gruod gruodis gruodzio joulu joulukuu joulukuuta noll nollaig pro prosinac prosinca prosince
    prosinec rhag rhagfyr aralık δεκ δεκεμβριος δεκεμβριου груд грудень грудня дек декабрь декабря декември дец
    децембар жел желтоқсан сне снежань снежня בדצמ בדצמבר דצמ דצמבר دسامبر ديسمبر
    """,
)
# `listopad` is October in Croatian and November in Polish and Czech, `srp` July or August, `lip` June or July: none is here,
# because a month that is guessed is worse than none.
#: Name to number, from 1.
MONTHS: Mapping[str, int] = {
    name: number for number, names in enumerate(_NAMES, start=1) for name in names.split()
}

#: Names of days, and words that stand around a date: they say nothing.
FILLERS = words_in("""
    a ahad ahd al alhamisi am an antradienis aoine ar asteartea asteazkena astelehena az b bazar c car carsamba cead
    ceadaoin cet cetrtek ceturtd ceturtdiena cetvrtak cmt cs csutortok ct ctvrtek cum cuma cumartesi czw czwartek d da
    dc de dear deardaoin del den der dg di dia die diel dienstag dijous dilluns dim dimanche dimarts dimecres dinsdag
    dissabte diumenge divendres dj dl dne do dom domenica domh domhnaigh domingo donderdag donnerstag ds dt du dum
    duminica dv dydd e el enj enjte er erb esmaspaev feira fim fimmtudagur fos fostudagur fr fre fredag freitag fri
    friday gada gim gio giovedi gwe gwen gwener h haoine hen hene hetfo iau ig igandea ijumaa il is isn isnin it jeu
    jeudi joi jue jueves jum jumaat jumamosi jumanne jumapili jumat jumatano jumatatu k kam kamis ke kedd keskiviikko
    keskiviikkona ketvirtadienis kha khamis kolmapaev kt l la larunbata lau lauantai lauantaina laugardagur laupaev
    laurdag le llun lor lordag lr luain luan lundi lunedi lunes luni luns m ma maanantai maanantaina maandag mairt man
    mandag manudagur mardi marte martedi martes marti mer mercher mercoledi mercores mercredi merkure mi mie miercoles
    miercuri min minggu mittwoch mo mon monday montag n nap nd ne ned nedela nedele nedelja nedjelja neljapaev niedz
    niedziela o of og on ons onsdag osteguna ostirala otrd otrdiena p pa patek pazar pazartesi pe penktadienis pentek
    per perjantai perjantaina persembe pet petak petek pi piatek piatok piektd piektdiena pirmadienis pirmd pirmdiena
    pn po pon pondeli pondelok ponedeljak ponedeljek ponedjeljak pr pre premte pt puhapaev pzt qua quarta qui quinta r
    rab rabu rd reede s sa sab sabado sabato sabtu sad sadwrn sal sam sambata samedi samstag sat saterdag sath
    sathairn saturday seg segunda sekmadienis sel selasa senin sestadienis sestd sestdiena sex sexta shtune sib sibt
    sk so sob sobota son sondag sonnabend sonntag sr sre sreda sri srijeda sroda st streda stvrtok su subota sul sun
    sunday sunnudagur sunnuntai svetd svetdiena sze szerda szo szombat t ta teisipaev ter terca th the thu thur thurs
    thursday ti tiistai tiistaina tir tirs tirsdag tis tisdag tli tlieta tne tnejn to tor torek tors torsdag torstai
    torstaina tr treciadienis tresd tresdiena tue tues tuesday ty tys tysdag ut utery uto utorak utorok v vasarnap ven
    vendredi venerdi venres vie viernes vin vineri vr vrijdag vrydag wed wednesday wo woensdag wt wtorek xov xoves y
    za zaterdag zo zondag axsamı cumə cərsənbə erbgħa ertəsi gimgħa lør lørdag mið miðvikudagur poniedziałek salı sø
    søn søndag sənbə år þri þriðjudagur ħad ħadd ħam ħamis δευ δευτερα κυρ κυριακη παρ παρασκευη πεμ πεμπτη σαβ
    σαββατο τετ τεταρτη τρι τριτη ау ауторак беисенбі бс воскресенье вс вт вто вторник вівторок г год года дс дүисенбі
    ж жексенбі жм жс жұма нд нед недела неделя недеља неділя нядзеля пʼятниця панядзелак пет петак петок петък пн пон
    понеделник понедельник понедељак понеділок пт пятница пятніца р року рік саб сабота сб сеисенбі сенбі серада
    середа ср сре среда сряда сс суб суббота субота събота сәрсенбі уто уторак чацвер чет четвер четверг четвртак
    четврток четвъртък чт чц א ב ג ד ה ו חמישי יום ראשון רביעי שבת שישי שלישי שני الاثنين الاحد الاربعاء الثلاثاء
    الجمعة الخميس السبت جمعه دوشنبه سه شنبه پنجشنبه چهارشنبه یکشنبه
    """)
