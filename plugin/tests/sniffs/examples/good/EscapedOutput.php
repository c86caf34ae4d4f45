<?php
function good( $name, $count, $url, $on ) {
	echo '<p>' . esc_html( $name ) . '</p>', esc_attr( sprintf( 'x %s', $name ) ), (int) $count, 7;
	echo esc_html__( 'Hello', 'crossdock' ) . ( $on ? ' checked' : '' ) . checked( $on, true, false );
	print esc_url( $url );
	/* translators: %s: a name. */
	printf( esc_html__( 'Hello %s', 'crossdock' ), esc_html( $name ) );
	wp_die( esc_html( $name ), '', array( 'response' => $count ) );
	echo esc_html( var_export( $name, true ) );
	exit;
}
?>
<a href="<?= esc_url( $url ) ?>"><?php echo wp_kses_post( $text ); ?></a>
