<?php
/**
 * The connection on the command line.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Cli;

use Crossdock\Admin\Leaving;
use Crossdock\Container;
use Crossdock\Hub\ByHand;
use Crossdock\Hub\Credentials;
use Crossdock\Hub\Pairing;
use Crossdock\Hub\Trial;
use WP_CLI;

/**
 * Pairs, tests and disconnects.
 */
class ConnectionCommand {

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
	 * Connects this site with a pairing code.
	 *
	 * ## OPTIONS
	 *
	 * <code>
	 * : The code that the hub shows, or the link with it.
	 *
	 * @param array<int, string>   $args  The code.
	 * @param array<string, mixed> $flags None.
	 */
	public function pair( $args, $flags ): void {
		Told::answer( $this->container->get( Pairing::class )->pair( (string) $args[0] ) );
		WP_CLI::success( __( 'This site is connected. What happens on it is sent from now on.', 'crossdock' ) );
	}

	/**
	 * Connects this site by address and key. The secret is read from standard input or the environment, so that it stands in no list
	 * of processes.
	 *
	 * ## OPTIONS
	 *
	 * <hub>
	 * : The hub's address.
	 *
	 * <key>
	 * : The site's key (cdk_…). The secret (cds_…) is read from CROSSDOCK_SECRET, else from standard input.
	 *
	 * @param array<int, string>   $args  Address and key.
	 * @param array<string, mixed> $flags None.
	 */
	public function connect( $args, $flags ): void {
		$secret = (string) getenv( 'CROSSDOCK_SECRET' );
		$secret = '' === $secret ? trim( (string) fgets( STDIN ) ) : $secret;
		$kept   = null !== $this->container->get( Credentials::class )->read();
		$hub    = rtrim( (string) $args[0], '/' );
		Told::faults( ByHand::faults( $hub, (string) $args[1], $secret, $kept ) );
		Told::answer( $this->container->get( Pairing::class )->by_hand( $hub, (string) $args[1], $secret ) );
		WP_CLI::success( __( 'The hub knows this key: the site is connected.', 'crossdock' ) );
	}

	/**
	 * Disconnects this site; what waits in the queue stays.
	 *
	 * ## OPTIONS
	 *
	 * [--yes]
	 * : Do not ask.
	 *
	 * @param array<int, string>   $args  None.
	 * @param array<string, mixed> $flags The options.
	 */
	public function disconnect( $args, $flags ): void {
		if ( ! $this->container->get( Credentials::class )->paired() ) {
			WP_CLI::error( __( 'This site is not connected to a hub.', 'crossdock' ) );
		}
		WP_CLI::confirm( __( 'Disconnect this site from its hub?', 'crossdock' ), $flags );
		WP_CLI::success( Leaving::words( $this->container->get( Pairing::class )->disconnect() ) );
	}

	/**
	 * Tests the connection step by step; ends with 1 when a step fails.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : Either table, json, csv or yaml.
	 *
	 * @param array<int, string>   $args  None.
	 * @param array<string, mixed> $flags The options.
	 */
	public function test( $args, $flags ): void {
		$results = $this->container->get( Trial::class )->all();
		$failed  = 0;
		$rows    = array();
		foreach ( $results as $result ) {
			$failed += $result['ok'] ? 0 : 1;
			$rows[]  = array( 'ok' => $result['ok'] ? 'yes' : 'no' ) + $result;
		}
		Told::rows( $rows, array( 'step', 'ok', 'cause', 'text', 'remedy', 'said' ), $flags );
		if ( $failed > 0 ) {
			WP_CLI::halt( 1 );
		}
	}
}
