<?php
/**
 * The site on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Commands\Status;
use Crossdock\Container;
use Crossdock\Hub\Credentials;
use Crossdock\Hub\Pairing;
use Crossdock\Site\Copies;
use Crossdock\Site\CopyNotice;
use Crossdock\Site\Hazards;
use WP_CLI;

/**
 * Says how the plugin does here, looks for hazards, and decides about a copy.
 */
class SiteCommand {

	/**
	 * Builds what is needed.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the rest.
	 *
	 * @param Container $container Builds what is needed.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Says how the plugin does: connection, queue, next run, versions. It asks nobody.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : Either text or json.
	 *
	 * @param array<int, string>   $args  None.
	 * @param array<string, mixed> $flags The options.
	 */
	public function status( $args, $flags ): void {
		$credentials = $this->container->get( Credentials::class );
		$known       = $credentials->connection();
		$document    = array(
			'paired'     => $credentials->paired(),
			'trouble'    => $credentials->trouble(),
			'hub'        => $credentials->hub(),
			'connection' => $known['connection'] ?? null,
			'copy'       => $this->container->get( Copies::class )->reason(),
		);
		Told::document( $document + $this->container->get( Status::class )->document(), $flags );
	}

	/**
	 * Looks for hazards: caches, security plugins, cron, other plugins that send too. Ends with 1 when one is an error.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : Either table, json, csv or yaml.
	 *
	 * @param array<int, string>   $args  None.
	 * @param array<string, mixed> $flags The options.
	 */
	public function hazards( $args, $flags ): void {
		$found = $this->container->get( Hazards::class )->search();
		Told::rows( $found, array( 'code', 'weight', 'found', 'title', 'remedy', 'said' ), $flags );
		if ( in_array( 'error', array_column( $found, 'weight' ), true ) ) {
			WP_CLI::halt( 1 );
		}
	}

	/**
	 * Decides about a site that may be a copy: `same` (it is the same site, moved), `anew` (it is a copy: its connection ends).
	 *
	 * ## OPTIONS
	 *
	 * <decision>
	 * : Either same or anew.
	 *
	 * @param array<int, string>   $args  The decision.
	 * @param array<string, mixed> $flags None.
	 */
	public function copy( $args, $flags ): void {
		$copies = $this->container->get( Copies::class );
		if ( 'anew' === $args[0] ) {
			$this->container->get( CopyNotice::class )->anew();
			WP_CLI::success( __( 'This copy is no longer connected; the site it was copied from is not touched.', 'crossdock' ) );
			return;
		}
		if ( 'same' !== $args[0] ) {
			WP_CLI::error( 'same, anew' );
		}
		$copies->same();
		Told::answer( $this->container->get( Pairing::class )->status() );
		WP_CLI::success( __( 'Noted: this is the same site. Sending goes on.', 'crossdock' ) );
	}
}
