<?php
/**
 * Backups of the settings.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Settings\Review;
use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Home;
use Crossdock\Wp\Options;

/**
 * Keeps the last five states of the settings (no secrets, no connection) and puts one back.
 */
class Backups {

	/**
	 * The option they are kept in.
	 */
	public const OPTION = 'crossdock_backups';

	/**
	 * How many are kept.
	 */
	public const MOST = 5;

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * What validates what is put back.
	 *
	 * @var Review
	 */
	private Review $review;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Where the plugin lies.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Options  $options  WordPress' options.
	 * @param Settings $settings The settings.
	 * @param Review   $review   What validates what is put back.
	 * @param Clock    $clock    The time.
	 * @param Home     $home     Where the plugin lies.
	 */
	public function __construct( Options $options, Settings $settings, Review $review, Clock $clock, Home $home ) {
		$this->options  = $options;
		$this->settings = $settings;
		$this->review   = $review;
		$this->clock    = $clock;
		$this->home     = $home;
	}

	/**
	 * Keeps the settings as they are in the database now, valid or not.
	 *
	 * @param string $why     update, import, restore or hand.
	 * @param string $version Version of the plugin that wrote them; empty for the present one.
	 * @return string The backup's id.
	 */
	public function make( string $why, string $version = '' ): string {
		$backup = array(
			'id'       => bin2hex( random_bytes( 4 ) ),
			'at'       => (int) $this->clock->now(),
			'why'      => $why,
			'version'  => '' === $version ? $this->home->version() : $version,
			'settings' => $this->options->fresh( Settings::OPTION, array() ),
		);
		$this->options->set( self::OPTION, array_slice( array_merge( array( $backup ), $this->all() ), 0, self::MOST ), false );
		return $backup['id'];
	}

	/**
	 * Returns the backups, newest first: id, at (seconds since 1970), why, version, settings.
	 *
	 * @return array<int, array<string, mixed>>
	 */
	public function all(): array {
		$all = $this->options->fresh( self::OPTION, array() );
		return is_array( $all ) ? array_values( array_filter( $all, 'is_array' ) ) : array();
	}

	/**
	 * Puts a backup's settings back; the present ones are backed up before. What is not valid (any more) is set aside.
	 *
	 * @param string $id The backup's id.
	 * @return bool False when there is no such backup.
	 */
	public function restore( string $id ): bool {
		foreach ( $this->all() as $backup ) {
			if ( $backup['id'] === $id ) {
				$this->make( 'restore' );
				$this->options->set( Settings::OPTION, $backup['settings'], true );
				$this->review->run();
				return true;
			}
		}
		return false;
	}
}
