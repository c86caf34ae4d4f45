<?php
/**
 * Settings as a file.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

use Crossdock\Setup\Backups;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Home;
use Crossdock\Wp\Json;
use Crossdock\Wp\Moment;

/**
 * Writes the settings as JSON and takes them from it, all or none. Key, secret and connection are never in it: another site is paired
 * on its own.
 */
class Transfer {

	/**
	 * The version of the format.
	 */
	public const FORMAT = 1;

	/**
	 * Bytes of a file at most.
	 */
	public const MOST = 65536;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Backups before an import.
	 *
	 * @var Backups
	 */
	private Backups $backups;

	/**
	 * The version of the plugin.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Takes what it works with.
	 *
	 * @param Settings $settings The settings.
	 * @param Backups  $backups  Backups before an import.
	 * @param Home     $home     The version of the plugin.
	 * @param Clock    $clock    The time.
	 */
	public function __construct( Settings $settings, Backups $backups, Home $home, Clock $clock ) {
		$this->settings = $settings;
		$this->backups  = $backups;
		$this->home     = $home;
		$this->clock    = $clock;
	}

	/**
	 * Returns the settings as a file.
	 *
	 * @return string JSON: crossdock_settings (the format), plugin, exported_at, settings, check.
	 */
	public function export(): string {
		$all = $this->settings->all();
		return Json::encode(
			array(
				'crossdock_settings' => self::FORMAT,
				'plugin'             => $this->home->version(),
				'exported_at'        => Moment::wire( $this->clock->now() ),
				'settings'           => $all,
				'check'              => self::check( $all ),
			),
			JSON_PRETTY_PRINT
		) . "\n";
	}

	/**
	 * Takes settings from a file; the present ones are backed up before. What the file does not name stays.
	 *
	 * @param string $text The file.
	 * @return array<int, Fault> What is wrong; empty when all was taken. With a fault nothing changes.
	 */
	public function import( string $text ): array {
		$document = strlen( $text ) > self::MOST ? null : Json::decode( (string) preg_replace( '/^\xEF\xBB\xBF/', '', $text ) );
		if ( null === $document || ! isset( $document['crossdock_settings'], $document['settings'] ) || ! is_array( $document['settings'] ) ) {
			return array( new Fault( 'file', 'format', __( 'This is no file of settings. Give the JSON file that the export made.', 'crossdock' ) ) );
		}
		if ( self::FORMAT !== $document['crossdock_settings'] ) {
			return array( new Fault( 'file', 'version', __( 'The file was made by another generation of the plugin. Update the plugin on both sites and export again.', 'crossdock' ) ) );
		}
		if ( isset( $document['check'] ) && self::check( $document['settings'] ) !== $document['check'] ) {
			return array( new Fault( 'file', 'check', __( 'The file was changed or cut after it was exported. Export again; if you changed it on purpose, remove “check” from it.', 'crossdock' ) ) );
		}
		$faults = $this->settings->faults( $document['settings'] );
		if ( array() === $faults ) {
			$this->backups->make( 'import' );
			$this->settings->keep( $document['settings'] );
		}
		return $faults;
	}

	/**
	 * Returns the check of settings: it tells whether they are as they were exported.
	 *
	 * @param array<mixed> $settings Name => value.
	 * @return string SHA-256, hex.
	 */
	private static function check( array $settings ): string {
		ksort( $settings );
		return hash( 'sha256', Json::encode( $settings ) );
	}
}
