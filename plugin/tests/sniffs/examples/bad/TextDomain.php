<?php
$a = __( 'Text' ); // told: TextDomain.Domain
$b = __( 'Text', 'woocommerce' ); // told: TextDomain.Domain
$c = __( $text, 'crossdock' ); // told: TextDomain.NoLiteral
$d = __( "Hello $name", 'crossdock' ); // told: TextDomain.NoLiteral
$e = __( '', 'crossdock' ); // told: TextDomain.NoLiteral
/* translators: %s: names. */
$f = __( '%s and %s', 'crossdock' ); // told: TextDomain.Unordered




$g = __( 'Hello %s', 'crossdock' ); // told: TextDomain.Unexplained
$h = esc_html_x( 'Post', 'verb', 'other' ); // told: TextDomain.Domain
