<?php
/**
 * The screen "Settings".
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Settings\Fault;
use Crossdock\Settings\Fields;
use Crossdock\Settings\Settings;
use Crossdock\Settings\Transfer;
use Crossdock\Settings\Words as SettingWords;
use Crossdock\Setup\Backups;

/**
 * Shows and keeps the settings; exports and imports them; puts backups back.
 */
final class SettingsPage implements Page {

	/**
	 * The screen's slug.
	 */
	public const SLUG = 'crossdock-settings';

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Export and import.
	 *
	 * @var Transfer
	 */
	private Transfer $transfer;

	/**
	 * Backups.
	 *
	 * @var Backups
	 */
	private Backups $backups;

	/**
	 * What is wrong with what was typed.
	 *
	 * @var array<int, Fault>
	 */
	private array $faults = array();

	/**
	 * What was typed.
	 *
	 * @var array<string, mixed>
	 */
	private array $typed = array();

	/**
	 * Takes what it works with.
	 *
	 * @param Settings $settings The settings.
	 * @param Transfer $transfer Export and import.
	 * @param Backups  $backups  Backups.
	 */
	public function __construct( Settings $settings, Transfer $transfer, Backups $backups ) {
		$this->settings = $settings;
		$this->transfer = $transfer;
		$this->backups  = $backups;
	}

	/**
	 * Returns the screen's name.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Settings', 'crossdock' );
	}

	/**
	 * Carries out the forms.
	 *
	 * @return void
	 */
	public function load(): void {
		$sent = Form::sent( 'settings-keep' );
		if ( null !== $sent ) {
			$this->typed  = isset( $sent['settings'] ) && is_array( $sent['settings'] ) ? $sent['settings'] : array();
			$this->faults = $this->settings->keep( $this->typed );
			if ( array() === $this->faults ) {
				Flash::go( 'success', __( 'The settings were kept.', 'crossdock' ), Menu::url( self::SLUG ) );
			}
		}
		if ( null !== Form::sent( 'settings-export' ) ) {
			$this->download();
		}
		$file = SettingsFile::sent();
		if ( null !== $file ) {
			$this->faults = $this->transfer->import( $file );
			if ( array() === $this->faults ) {
				Flash::go( 'success', __( 'The settings were imported; those of before are in the backups.', 'crossdock' ), Menu::url( self::SLUG ) );
			}
		}
		$this->load_backups();
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		$this->wrong();
		Form::open( 'settings-keep', array(), 'crossdock-settings' );
		foreach ( SettingWords::groups() as $group => $heading ) {
			echo '<h2>' . esc_html( $heading ) . '</h2><table class="form-table" role="presentation"><tbody>';
			foreach ( Fields::all() as $name => $field ) {
				if ( $field['group'] === $group ) {
					FieldView::row( $name, $this->typed[ $name ] ?? $this->settings->all()[ $name ], $this->faults );
				}
			}
			echo '</tbody></table>';
		}
		echo '<p class="submit"><button class="button button-primary">' . esc_html__( 'Keep the settings', 'crossdock' ) . '</button></p></form>';
		SettingsFile::show();
		BackupsView::show( $this->backups->all() );
	}

	/**
	 * Prints what is wrong, with links to the fields.
	 *
	 * @return void
	 */
	private function wrong(): void {
		if ( array() === $this->faults ) {
			return;
		}
		echo '<div class="notice notice-error inline" role="alert" tabindex="-1" id="crossdock-wrong"><p>' . esc_html__( 'Nothing was kept. Please correct:', 'crossdock' ) . '</p><ul>';
		foreach ( $this->faults as $fault ) {
			$label = SettingWords::of( $fault->field )['label'];
			if ( null === Fields::one( $fault->field ) ) {
				echo '<li>' . esc_html( 'file' === $fault->field ? $fault->remedy : $label . ': ' . $fault->remedy ) . '</li>';
			} else {
				echo '<li><a href="' . esc_url( '#crossdock-' . $fault->field ) . '">' . esc_html( $label ) . '</a>: ' . esc_html( $fault->remedy ) . '</li>';
			}
		}
		echo '</ul></div>';
	}

	/**
	 * Carries out the forms of the backups.
	 *
	 * @return void
	 */
	private function load_backups(): void {
		if ( null !== Form::sent( 'settings-backup' ) ) {
			$this->backups->make( 'hand' );
			Flash::go( 'success', __( 'The settings were backed up.', 'crossdock' ), Menu::url( self::SLUG ) );
		}
		$sent = Form::sent( 'settings-restore' );
		if ( null !== $sent ) {
			$done = $this->backups->restore( sanitize_key( (string) ( $sent['backup'] ?? '' ) ) );
			Flash::go(
				$done ? 'success' : 'error',
				$done ? __( 'The backup was put back; the settings of before are backed up too.', 'crossdock' ) : __( 'There is no such backup any more.', 'crossdock' ),
				Menu::url( self::SLUG )
			);
		}
	}

	/**
	 * Sends the settings as a file. Does not return.
	 *
	 * @return void
	 */
	private function download(): void {
		nocache_headers();
		header( 'Content-Type: application/json; charset=utf-8' );
		header( 'Content-Disposition: attachment; filename="crossdock-settings-' . gmdate( 'Y-m-d' ) . '.json"' );
		SettingsFile::send( $this->transfer->export() );
		exit;
	}
}
