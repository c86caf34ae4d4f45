<?php
/**
 * Paths into documents, as the hub reads them.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Mapping\Paths;
use PHPUnit\Framework\TestCase;

/**
 * The vectors come from the hub's own code; tests/unit/map/test_plugin_paths.py holds the hub to them.
 */
final class PathsTest extends TestCase {

	private function vectors( bool $arrays ) {
		return json_decode( (string) file_get_contents( dirname( CROSSDOCK_TESTS, 2 ) . '/tests/fixtures/plugin/paths.json' ), $arrays );
	}

	public function test_a_path_means_what_it_means_in_the_hub(): void {
		$vectors = $this->vectors( false );
		self::assertGreaterThan( 100, count( $vectors->cases ) );
		foreach ( $vectors->cases as $case ) {
			$document = $vectors->documents->{$case->document};
			self::assertSame( $case->valid, Paths::valid( $case->path ), $case->path );
			self::assertEquals( $case->value, Paths::value( $document, $case->path ), $case->path );
		}
	}

	public function test_arrays_are_read_as_objects_are(): void {
		$vectors = $this->vectors( true );
		foreach ( $vectors['cases'] as $case ) {
			self::assertSame( $case['value'], Paths::value( $vectors['documents'][ $case['document'] ], $case['path'] ), $case['path'] );
		}
	}

	public function test_many_are_read_by_name(): void {
		$found = Paths::values( array( 'a' => array( 'b' => 1 ) ), array( 'a.b', 'a.c' ) );
		self::assertSame( array( 'a.b' => 1, 'a.c' => null ), $found );
	}
}
