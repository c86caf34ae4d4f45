<?php
/**
 * Hooks that never break a page.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Commands\Own;
use Crossdock\Container;
use Crossdock\Monitor\Log;

/**
 * Adds actions and filters of others for us: whatever ours throws is written into the log and the page goes on. Changes that
 * the hub itself made through us are no news and are not captured.
 */
class Hooks {

	/**
	 * Builds what is called, and the log when something goes wrong.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the rest.
	 *
	 * @param Container $container Builds what is called.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Listens to an action that tells of a change.
	 *
	 * @param string       $hook     Its name.
	 * @param class-string $name     The class that listens, built when it is called.
	 * @param string       $method   Its method.
	 * @param int          $args     How many arguments it takes.
	 * @param int          $priority When, among others.
	 * @return void
	 */
	public function on( string $hook, string $name, string $method, int $args, int $priority ): void {
		add_action(
			$hook,
			function ( ...$given ) use ( $hook, $name, $method ): void {
				if ( ! Own::writing() ) {
					$this->guarded( $hook, $name, $method, $given );
				}
			},
			$priority,
			$args
		);
	}

	/**
	 * Takes part in a filter; when ours fails, the value stays as it was.
	 *
	 * @param string       $hook     Its name.
	 * @param class-string $name     The class that takes part, built when it is called.
	 * @param string       $method   Its method.
	 * @param int          $args     How many arguments it takes.
	 * @param int          $priority When, among others.
	 * @return void
	 */
	public function filter( string $hook, string $name, string $method, int $args, int $priority ): void {
		add_filter(
			$hook,
			function ( $value, ...$given ) use ( $hook, $name, $method ) {
				$filtered = $this->guarded( $hook, $name, $method, array_merge( array( $value ), $given ) );
				return null === $filtered ? $value : $filtered;
			},
			$priority,
			$args
		);
	}

	/**
	 * Calls something of ours.
	 *
	 * @param string       $hook   Where it was called.
	 * @param class-string $name   The class.
	 * @param string       $method Its method.
	 * @param array<mixed> $given  Its arguments.
	 * @return mixed Null when it failed.
	 */
	private function guarded( string $hook, string $name, string $method, array $given ) {
		try {
			return $this->container->get( $name )->$method( ...$given );
		} catch ( \Throwable $thrown ) {
			try {
				$place = basename( $thrown->getFile() ) . ':' . $thrown->getLine();
				$this->container->get( Log::class )->error( 'capture-failed', get_class( $thrown ) . ': ' . $thrown->getMessage(), array( 'hook' => $hook, 'place' => $place, 'source' => 'capture' ) );
			} catch ( \Throwable $even_the_log ) {
				unset( $even_the_log );
			}
			return null;
		}
	}
}
