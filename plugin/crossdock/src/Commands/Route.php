<?php
/**
 * The hub's door into the site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

use Crossdock\Container;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Json;
use WP_Error;
use WP_REST_Request;
use WP_REST_Response;

/**
 * `POST crossdock/v1/commands` and `GET crossdock/v1/status`, for the hub alone: both are signed, and the signature is
 * checked before anything of the request is parsed.
 */
final class Route {

	/**
	 * The routes' namespace.
	 */
	public const SPACE = 'crossdock/v1';

	/**
	 * Commands of one request.
	 */
	private const MOST = 50;

	/**
	 * Bytes of a body.
	 */
	private const BYTES = 1048576;

	/**
	 * Builds what answers, when it is asked.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * The requests that were checked and what was found of each, by object id. The request is kept with it: the id of one that
	 * is gone may be another one's.
	 *
	 * @var array<int, array{0: WP_REST_Request, 1: true|WP_Error}>
	 */
	private array $checked = array();

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds what answers, when it is asked.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Adds the routes.
	 *
	 * @return void
	 */
	public function routes(): void {
		register_rest_route(
			self::SPACE,
			'/commands',
			array(
				'methods'             => 'POST',
				'callback'            => array( $this, 'commands' ),
				'permission_callback' => array( $this, 'may' ),
				'show_in_index'       => false,
			)
		);
		register_rest_route(
			self::SPACE,
			'/status',
			array(
				'methods'             => 'GET',
				'callback'            => array( $this, 'status' ),
				'permission_callback' => array( $this, 'may' ),
				'show_in_index'       => false,
			)
		);
	}

	/**
	 * Refuses what is not the hub's before WordPress parses the body.
	 *
	 * @param mixed           $answer  An answer somebody else gave already.
	 * @param mixed           $server  WordPress' REST server.
	 * @param WP_REST_Request $request The request.
	 * @return mixed
	 */
	public function first( $answer, $server, $request ) {
		$route = rtrim( (string) $request->get_route(), '/' );
		if ( ! in_array( $route, array( '/' . self::SPACE . '/commands', '/' . self::SPACE . '/status' ), true ) || 'OPTIONS' === $request->get_method() ) {
			return $answer;
		}
		$may = $this->may( $request );
		return true === $may ? $answer : $may;
	}

	/**
	 * Tells whether a request is the hub's.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return true|WP_Error
	 */
	public function may( $request ) {
		$mark = spl_object_id( $request );
		if ( ! isset( $this->checked[ $mark ] ) ) {
			$this->checked[ $mark ] = array( $request, $this->check( $request ) );
		}
		return $this->checked[ $mark ][1];
	}

	/**
	 * Carries out commands.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return WP_REST_Response
	 */
	public function commands( $request ): WP_REST_Response {
		$document = Json::decode( (string) $request->get_body() );
		$commands = $document['commands'] ?? null;
		if ( ! is_array( $commands ) || count( $commands ) < 1 || count( $commands ) > self::MOST ) {
			return $this->answer( 422, array( 'code' => 'bad-commands', 'detail' => 'Give commands: a list of 1 to 50.', 'field' => 'commands' ) );
		}
		return $this->answer( 200, array( 'results' => $this->container->get( Runner::class )->run( $commands ) ) );
	}

	/**
	 * Tells how the plugin does.
	 *
	 * @return WP_REST_Response
	 */
	public function status(): WP_REST_Response {
		return $this->answer( 200, $this->container->get( Status::class )->document() );
	}

	/**
	 * Checks a request.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return true|WP_Error
	 */
	private function check( $request ) {
		if ( strlen( (string) $request->get_body() ) > self::BYTES ) {
			return new WP_Error( 'too-large', 'The body is larger than 1 MiB.', array( 'status' => 413 ) );
		}
		$fault = $this->container->get( Verify::class )->fault( Incoming::read( $request, $_SERVER ) );
		if ( '' === $fault ) {
			return true;
		}
		$details = array( 'status' => 401 );
		if ( 'clock-skew' === $fault ) {
			$details['server_time'] = (int) $this->container->get( Clock::class )->now();
		}
		return new WP_Error( $fault, 'This address is for the hub, whose requests are signed.', $details );
	}

	/**
	 * Returns an answer that nobody caches.
	 *
	 * @param int          $status HTTP status.
	 * @param array<mixed> $body   What becomes JSON.
	 * @return WP_REST_Response
	 */
	private function answer( int $status, array $body ): WP_REST_Response {
		$response = new WP_REST_Response( $body, $status );
		$response->header( 'Cache-Control', 'no-store' );
		return $response;
	}
}
