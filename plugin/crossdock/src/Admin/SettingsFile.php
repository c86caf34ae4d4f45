<?php
/**
 * Export and import on the screen "Settings".
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Settings\Transfer;

/**
 * The forms for the file of settings, and reading what was uploaded.
 */
final class SettingsFile {

	/**
	 * Prints the forms.
	 *
	 * @return void
	 */
	public static function show(): void {
		echo '<h2>' . esc_html__( 'Export and import', 'crossdock' ) . '</h2>';
		echo '<p>' . esc_html__( 'The file holds the settings above, no key, no secret and no data of people.', 'crossdock' ) . '</p>';
		Form::button( 'settings-export', __( 'Export the settings', 'crossdock' ) );
		echo '<form method="post" enctype="multipart/form-data">';
		Form::mark( 'settings-import' );
		echo '<p><label for="crossdock-file">' . esc_html__( 'File of settings (JSON)', 'crossdock' ) . '</label><br><input type="file" id="crossdock-file" name="file" accept="application/json,.json" required></p>';
		echo '<p><button class="button">' . esc_html__( 'Import the settings', 'crossdock' ) . '</button></p></form>';
	}

	/**
	 * Returns the text of the file that the form sent.
	 *
	 * @return string|null Null when the form was not sent; empty when there is no file or it is too big.
	 */
	public static function sent(): ?string {
		if ( null === Form::sent( 'settings-import' ) ) {
			return null;
		}
		check_admin_referer( 'crossdock-settings-import', 'crossdock_nonce' );
		$path = isset( $_FILES['file']['tmp_name'] ) ? sanitize_text_field( $_FILES['file']['tmp_name'] ) : '';
		if ( '' === $path || ! current_user_can( Menu::CAPABILITY ) || ! is_uploaded_file( $path ) || filesize( $path ) > Transfer::MOST ) {
			return '';
		}
		return (string) file_get_contents( $path );
	}

	/**
	 * Prints a file that is downloaded: JSON under its own content type.
	 *
	 * @param string $json The file.
	 * @return void
	 */
	public static function send( string $json ): void {
		$out = fopen( 'php://output', 'wb' );
		if ( false !== $out ) {
			fwrite( $out, $json );
			fclose( $out );
		}
	}
}
