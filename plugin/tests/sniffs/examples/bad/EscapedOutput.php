<?php
function bad( $name, $count, $url, $on ) {
	echo $name; // told: EscapedOutput.Unescaped
	echo '<p>' . esc_html( $name ) . $url . '</p>'; // told: EscapedOutput.Unescaped
	echo "hello $name"; // told: EscapedOutput.Unescaped
	echo $on ? esc_html( $name ) : $name; // told: EscapedOutput.Unescaped
	echo __( 'Hello', 'crossdock' ); // told: EscapedOutput.Unescaped
	echo esc_html( $name ) . sprintf( '%s', $name ); // told: EscapedOutput.Unescaped
	echo esc_html( 'a' ), $this->words(); // told: EscapedOutput.Unescaped
	echo esc_html( $name ) ?: $name; // told: EscapedOutput.Unescaped
	print $name; // told: EscapedOutput.Unescaped
	printf( esc_html( 'Hello %s' ), $name ); // told: EscapedOutput.Unescaped
	wp_die( $name ); // told: EscapedOutput.Unescaped
	exit( $name ); // told: EscapedOutput.Unescaped
	print_r( $name ); // told: EscapedOutput.Debug
	echo $name; // phpcs:ignore -- told: EscapedOutput.Unescaped
}
?>
<a href="<?= $url ?>"> <?php // told: EscapedOutput.Unescaped
