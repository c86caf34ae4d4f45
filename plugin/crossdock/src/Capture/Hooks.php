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
	 * Builds the log, only when something goes wrong.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the log.
	 *
	 * @param Container $container Builds the log.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Listens to an action that tells of a change.
	 *
	 * @param string   $hook     Its name.
	 * @param callable $listener What is called.
	 * @param int      $args     How many arguments it takes.
	 * @param int      $priority When, among others: after them, as a rule.
	 * @return void
	 */
	public function on( string $hook, callable $listener, int $args = 1, int $priority = 20 ): void {
		add_action(
			$hook,
			function ( ...$given ) use ( $hook, $listener ): void {
				if ( ! Own::writing() ) {
					$this->guarded( $hook, $listener, $given );
				}
			},
			$priority,
			$args
		);
	}

	/**
	 * Takes part in a filter; when ours fails, the value stays as it was.
	 *
	 * @param string   $hook     Its name.
	 * @param callable $filter   What is called.
	 * @param int      $args     How many arguments it takes.
	 * @param int      $priority When, among others.
	 * @return void
	 */
	public function filter( string $hook, callable $filter, int $args = 1, int $priority = 20 ): void {
		add_filter(
			$hook,
			function ( $value, ...$given ) use ( $hook, $filter ) {
				$filtered = $this->guarded( $hook, $filter, array_merge( array( $value ), $given ) );
				return null === $filtered ? $value : $filtered;
			},
			$priority,
			$args
		);
	}

	/**
	 * Calls something of ours.
	 *
	 * @param string       $hook  Where it was called.
	 * @param callable     $ours  What is called.
	 * @param array<mixed> $given Its arguments.
	 * @return mixed Null when it failed.
	 */
	private function guarded( string $hook, callable $ours, array $given ) {
		try {
			return $ours( ...$given );
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
