<?php
/**
 * The table of what every page listens to.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Tests;

use Crossdock\Capture\CustomEvents;
use Crossdock\Listeners;
use Crossdock\Monitor\Chores;
use Crossdock\Outbox\Timetable;
use Crossdock\Site\CopyWatch;
use Crossdock\Site\HazardWatch;
use PHPUnit\Framework\TestCase;

/**
 * Each row names what there is.
 */
final class ListenersTest extends TestCase {

	/**
	 * Every listener can be called with as many arguments as its row says.
	 */
	public function test_each_row_names_a_method_that_takes_its_arguments(): void {
		foreach ( $this->rows() as $row ) {
			$method = new \ReflectionMethod( $row[1], $row[2] );
			self::assertTrue( $method->isPublic(), $row[1] . '::' . $row[2] );
			self::assertLessThanOrEqual( $row[3] ?? 1, $method->getNumberOfRequiredParameters(), $row[0] . ': ' . $row[1] . '::' . $row[2] );
			self::assertGreaterThanOrEqual( $method->getNumberOfParameters() > 0 ? $row[3] ?? 1 : 0, $method->getNumberOfParameters(), $row[0] . ': ' . $row[1] . '::' . $row[2] );
		}
	}

	/**
	 * Nothing is listened to twice.
	 */
	public function test_no_row_stands_twice(): void {
		$rows = array_map(
			static function ( array $row ): string {
				return $row[0] . ' ' . $row[1] . '::' . $row[2];
			},
			$this->rows()
		);
		self::assertSame( array_values( array_unique( $rows ) ), $rows );
	}

	/**
	 * Our own hooks are written out in the table; they are those that the plugin plans and tells of.
	 */
	public function test_our_own_hooks_are_named_as_their_classes_name_them(): void {
		$named = array_column( $this->rows(), 0 );
		foreach ( array( CustomEvents::HOOK, CopyWatch::EVENT, HazardWatch::EVENT, Timetable::HOOK, Chores::HOOK ) as $hook ) {
			self::assertContains( $hook, $named );
		}
		$header = (string) file_get_contents( CROSSDOCK_FILE );
		preg_match( '#^ \* Update URI: +https://([^/]+)/#m', $header, $found );
		self::assertContains( 'update_plugins_' . $found[1], $named );
	}

	/**
	 * All rows.
	 *
	 * @return array<int, array<int, mixed>>
	 */
	private function rows(): array {
		return array_merge( Listeners::CHANGES, Listeners::FILTERS, Listeners::OTHERS );
	}
}
