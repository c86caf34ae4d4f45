<?php
$a = __( 'Text', 'crossdock' );
/* translators: 1: a number, 2: a name. */
$b = sprintf( _n( '%1$d of %2$s', '%1$d of %2$s', $n, 'crossdock' ), $n, $name );
$c = _x( 'Post', 'verb', 'crossdock' );
$d = $this->__( $text );
$e = __( '100% sure', 'crossdock' );
