"""The words on the page, in eight languages."""

from __future__ import annotations

_NAMES = (
    "invoice", "credit_note", "draft", "number", "issued", "supplied", "due", "buyer_vat", "buyer_reference",
    "purchase_order", "order", "credits", "of_day", "ship_to", "item", "quantity", "price", "tax", "amount",
    "discount", "carried", "brought", "lines", "allowance", "charge", "net", "gross", "prepaid", "rounding",
    "payable", "credited", "tax_share", "base", "payment", "account", "iban", "bic", "reference", "vat", "tax_number",
    "register", "page", "of_pages", "scan", "rate_note", "phone", "sku",
)  # fmt: skip
_TEXTS = {
    "en": (
        "Invoice|Credit note|Draft|Number|Issued on|Supplied on|Due on|Your VAT number|Your reference|Your order|"
        "Our order|Credits invoice|of|Delivered to|Item|Quantity|Price|VAT|Amount|Discount|Carried over|"
        "Brought forward|Sum of items|Discount|Charge|Total without VAT|Total|Paid already|Rounding|To pay|"
        "Credited to you|VAT|on|Payment|Account holder|IBAN|BIC|Reference|VAT number|Tax number|Register|Page|of|"
        "Scan to pay|at the rate of|Phone|Item no."
    ),
    "de": (
        "Rechnung|Gutschrift|Entwurf|Nummer|Datum|Leistungsdatum|Fällig am|Ihre USt-IdNr.|Ihre Referenz|"
        "Ihre Bestellung|Unser Auftrag|Korrigiert Rechnung|vom|Geliefert an|Bezeichnung|Menge|Preis|USt.|Betrag|"
        "Rabatt|Übertrag|Übertrag|Summe der Positionen|Nachlass|Zuschlag|Gesamtbetrag netto|Gesamtbetrag brutto|"
        "Bereits gezahlt|Rundung|Zu zahlen|Ihnen gutgeschrieben|USt.|auf|Zahlung|Kontoinhaber|IBAN|BIC|"
        "Verwendungszweck|USt-IdNr.|Steuernummer|Register|Seite|von|Zum Zahlen scannen|zum Kurs von|Telefon|Art.-Nr."
    ),
    "fr": (
        "Facture|Avoir|Brouillon|Numéro|Date|Date de livraison|Échéance|Votre n° de TVA|Votre référence|"
        "Votre commande|Notre commande|Annule la facture|du|Livré à|Désignation|Quantité|Prix|TVA|Montant|Remise|"
        "À reporter|Report|Total des lignes|Remise|Frais|Total HT|Total TTC|Déjà payé|Arrondi|Net à payer|"
        "À votre crédit|TVA|sur|Paiement|Titulaire du compte|IBAN|BIC|Référence|N° de TVA|N° fiscal|Registre|Page|"
        "sur|Scanner pour payer|au taux de|Téléphone|Réf."
    ),
    "es": (
        "Factura|Factura rectificativa|Borrador|Número|Fecha|Fecha de entrega|Vencimiento|Su NIF-IVA|Su referencia|"
        "Su pedido|Nuestro pedido|Rectifica la factura|de|Entregado a|Concepto|Cantidad|Precio|IVA|Importe|"
        "Descuento|Suma y sigue|Suma anterior|Suma de líneas|Descuento|Recargo|Total sin IVA|Total|Ya pagado|"
        "Redondeo|A pagar|A su favor|IVA|sobre|Pago|Titular de la cuenta|IBAN|BIC|Referencia|NIF-IVA|NIF|Registro|"
        "Página|de|Escanear para pagar|al cambio de|Teléfono|Ref."
    ),
    "it": (
        "Fattura|Nota di credito|Bozza|Numero|Data|Data di consegna|Scadenza|Vostra partita IVA|Vostro riferimento|"
        "Vostro ordine|Nostro ordine|Storna la fattura|del|Consegnato a|Descrizione|Quantità|Prezzo|IVA|Importo|"
        "Sconto|A riportare|Riporto|Totale righe|Sconto|Spese|Totale senza IVA|Totale|Già pagato|Arrotondamento|"
        "Da pagare|A vostro credito|IVA|su|Pagamento|Intestatario|IBAN|BIC|Riferimento|Partita IVA|Codice fiscale|"
        "Registro|Pagina|di|Scansiona per pagare|al cambio di|Telefono|Cod."
    ),
    "nl": (
        "Factuur|Creditnota|Concept|Nummer|Datum|Leverdatum|Vervaldatum|Uw btw-nummer|Uw referentie|Uw bestelling|"
        "Onze order|Crediteert factuur|van|Geleverd aan|Omschrijving|Aantal|Prijs|Btw|Bedrag|Korting|Over te dragen|"
        "Transport|Som van de regels|Korting|Toeslag|Totaal exclusief btw|Totaal|Al betaald|Afronding|Te betalen|"
        "Door u te ontvangen|Btw|over|Betaling|Rekeninghouder|IBAN|BIC|Kenmerk|Btw-nummer|Fiscaal nummer|Register|"
        "Pagina|van|Scan om te betalen|tegen de koers van|Telefoon|Art.nr."
    ),
    "pt": (
        "Fatura|Nota de crédito|Rascunho|Número|Data|Data de entrega|Vencimento|O seu NIF|A sua referência|"
        "A sua encomenda|A nossa encomenda|Anula a fatura|de|Entregue a|Descrição|Quantidade|Preço|IVA|Valor|"
        "Desconto|A transportar|Transporte|Soma das linhas|Desconto|Encargo|Total sem IVA|Total|Já pago|"
        "Arredondamento|A pagar|A seu crédito|IVA|sobre|Pagamento|Titular da conta|IBAN|BIC|Referência|NIF|"
        "Número fiscal|Registo|Página|de|Digitalize para pagar|à taxa de|Telefone|Ref."
    ),
    "pl": (
        "Faktura|Faktura korygująca|Szkic|Numer|Data wystawienia|Data dostawy|Termin płatności|Państwa NIP|"
        "Państwa referencja|Państwa zamówienie|Nasze zamówienie|Koryguje fakturę|z dnia|Dostarczono do|Nazwa|Ilość|"
        "Cena|VAT|Kwota|Rabat|Do przeniesienia|Z przeniesienia|Suma pozycji|Rabat|Dopłata|Razem netto|Razem brutto|"
        "Zapłacono|Zaokrąglenie|Do zapłaty|Do zwrotu|VAT|od|Płatność|Właściciel rachunku|IBAN|BIC|Tytuł przelewu|"
        "NIP|Numer podatkowy|Rejestr|Strona|z|Zeskanuj, aby zapłacić|po kursie|Telefon|Nr art."
    ),
}
LANGUAGES = tuple(_TEXTS)
DEFAULT = "en"
LABELS = {language: dict(zip(_NAMES, text.split("|"), strict=True)) for language, text in _TEXTS.items()}
"""Language (ISO 639-1) and name of a label to its words."""
