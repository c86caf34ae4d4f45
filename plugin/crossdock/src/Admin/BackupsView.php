<?php
/**
 * Backups on the screen "Settings".
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Lists the backups, each with the button that puts it back.
 */
final class BackupsView {

	/**
	 * Prints the list.
	 *
	 * @param array<int, array<string, mixed>> $backups Newest first.
	 * @return void
	 */
	public static function show( array $backups ): void {
		echo '<h2>' . esc_html__( 'Backups', 'crossdock' ) . '</h2><p>' . esc_html__( 'The last five states of these settings: before each update, import and restoring.', 'crossdock' ) . '</p>';
		Form::button( 'settings-backup', __( 'Back up now', 'crossdock' ) );
		if ( array() === $backups ) {
			echo '<p>' . esc_html__( 'There is no backup yet.', 'crossdock' ) . '</p>';
			return;
		}
		echo '<table class="widefat striped"><thead><tr><th scope="col">' . esc_html__( 'Made', 'crossdock' ) . '</th><th scope="col">' . esc_html__( 'Why', 'crossdock' ) . '</th><th scope="col">' . esc_html__( 'Version', 'crossdock' ) . '</th><th scope="col">' . esc_html__( 'Put back', 'crossdock' ) . '</th></tr></thead><tbody>';
		foreach ( $backups as $backup ) {
			$when = Words::exact( (float) $backup['at'] );
			echo '<tr><td>' . esc_html( $when ) . '</td><td>' . esc_html( self::why( (string) $backup['why'] ) ) . '</td><td>' . esc_html( (string) $backup['version'] ) . '</td><td>';
			Form::open( 'settings-restore', array( 'backup' => (string) $backup['id'] ) );
			/* translators: %s: date and time of a backup. */
			echo '<button class="button" aria-label="' . esc_attr( sprintf( __( 'Put back that of %s', 'crossdock' ), $when ) ) . '">' . esc_html__( 'Put back', 'crossdock' ) . '</button></form>';
			echo '</td></tr>';
		}
		echo '</tbody></table>';
	}

	/**
	 * Returns in words why a backup was made.
	 *
	 * @param string $why update, import, restore or hand.
	 * @return string
	 */
	public static function why( string $why ): string {
		$words = array(
			'update'  => __( 'before an update', 'crossdock' ),
			'import'  => __( 'before an import', 'crossdock' ),
			'restore' => __( 'before a backup was put back', 'crossdock' ),
			'hand'    => __( 'by hand', 'crossdock' ),
		);
		return $words[ $why ] ?? $why;
	}
}
