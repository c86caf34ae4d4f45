<?php
/**
 * Every file of the plugin on this PHP.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use PHPUnit\Framework\TestCase;

/**
 * Every class is found by its name, and compiling it makes no noise.
 */
final class EveryClassTest extends TestCase {

	/**
	 * The files below src.
	 *
	 * @return array<string, array{string, string}> Path => path, class.
	 */
	public static function files(): array {
		$home  = dirname( CROSSDOCK_TESTS ) . '/crossdock/src';
		$found = array();
		foreach ( new RecursiveIteratorIterator( new RecursiveDirectoryIterator( $home, FilesystemIterator::SKIP_DOTS ) ) as $file ) {
			$name           = substr( $file->getPathname(), strlen( $home ) + 1 );
			$found[ $name ] = array( $file->getPathname(), 'Crossdock\\' . str_replace( '/', '\\', substr( $name, 0, -4 ) ) );
		}
		ksort( $found );
		return $found;
	}

	/**
	 * @dataProvider files
	 */
	public function test_a_file_holds_the_class_that_its_path_names( string $path, string $name ): void {
		token_get_all( (string) file_get_contents( $path ), TOKEN_PARSE );
		self::assertTrue( class_exists( $name ) || interface_exists( $name, false ) || trait_exists( $name, false ), $name );
	}

	public function test_there_are_files(): void {
		self::assertGreaterThan( 10, count( self::files() ) );
	}

	public function test_the_main_file_is_read_by_an_old_php(): void {
		$source = (string) file_get_contents( CROSSDOCK_FILE );
		self::assertNotEmpty( token_get_all( $source, TOKEN_PARSE ) );
		self::assertStringNotContainsString( '??', $source );
		self::assertStringNotContainsString( 'declare(', $source );
	}
}
