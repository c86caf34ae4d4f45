<?php
/**
 * Fields and their samples.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Mapping\Fields;
use Crossdock\Mapping\Mask;
use Crossdock\Mapping\Paths;
use PHPUnit\Framework\TestCase;

/**
 * Discovery finds every field by a path that reads it, with a sample that shows nobody.
 */
final class MappingFieldsTest extends TestCase {

	private const ORDER = array(
		'id'         => 12,
		'total'      => '19.90',
		'status'     => 'processing',
		'paid'       => true,
		'created'    => '2026-11-21T10:00:00',
		'billing'    => array( 'first_name' => 'Zoë', 'email' => 'zoe@example.com', 'phone' => '+49 30 1234567', 'country' => 'DE' ),
		'line_items' => array( array( 'sku' => 'A' ) ),
		'meta_data'  => array(
			array( 'id' => 1, 'key' => '_vat_number', 'value' => 'DE123456789' ),
			array( 'id' => 2, 'key' => 'loyalty', 'value' => 'gold' ),
			array( 'id' => 3, 'key' => 'with.dot', 'value' => 'x' ),
			array( 'id' => 4, 'key' => 'contact', 'value' => 'write to zoe@example.com' ),
			array( 'id' => 5, 'key' => '42', 'value' => 'a number reads a row' ),
		),
	);

	private function found( array ...$documents ): array {
		$fields = new Fields();
		foreach ( $documents as $document ) {
			$fields->add( $document );
		}
		return array_column( $fields->all(), null, 'path' );
	}

	public function test_every_field_has_a_path_that_reads_it(): void {
		$found = $this->found( self::ORDER );
		self::assertContains( 'billing.first_name', array_keys( $found ) );
		self::assertContains( 'meta_data.loyalty', array_keys( $found ) );
		foreach ( array_keys( $found ) as $path ) {
			self::assertNotNull( Paths::value( self::ORDER, $path ), $path );
		}
		self::assertArrayNotHasKey( 'meta_data.with.dot', $found );
		self::assertArrayNotHasKey( 'meta_data.42', $found );
	}

	public function test_types_are_named(): void {
		$found = $this->found( self::ORDER );
		$types = array_column( $found, 'type', 'path' );
		self::assertSame( array( 'number', 'number', 'text', 'boolean', 'moment', 'list' ), array( $types['id'], $types['total'], $types['status'], $types['paid'], $types['created'], $types['line_items'] ) );
	}

	public function test_samples_show_nobody(): void {
		$samples = implode( "\n", array_column( $this->found( self::ORDER ), 'sample' ) );
		foreach ( array( 'Zoë', 'zoe', '1234567', 'DE123456789' ) as $secret ) {
			self::assertStringNotContainsString( $secret, $samples );
		}
		self::assertStringContainsString( 'gold', $samples );
		self::assertStringContainsString( '19.90', $samples );
	}

	public function test_a_later_document_fills_what_was_empty(): void {
		$found = $this->found( array( 'note' => '', 'size' => null ), array( 'note' => 'x', 'size' => 4 ) );
		self::assertSame( array( 'text', 'number' ), array( $found['note']['type'], $found['size']['type'] ) );
	}

	public function test_two_types_are_text(): void {
		self::assertSame( 'text', $this->found( array( 'v' => 1 ), array( 'v' => 'one' ) )['v']['type'] );
	}

	public function test_there_is_an_end(): void {
		$fields = new Fields();
		for ( $i = 0; $i < 1200; $i++ ) {
			$fields->add( array( 'field_' . $i => $i ) );
		}
		self::assertCount( Fields::MOST, $fields->all() );
	}

	public function test_masks(): void {
		self::assertSame( 'z…@…', Mask::sample( 'email', 'zoe@example.com' ) );
		self::assertSame( 'Z…', Mask::sample( 'billing.first_name', 'Zoë' ) );
		self::assertSame( '…', Mask::sample( 'birth_date', '1980-01-02' ) );
		self::assertSame( 'DE', Mask::sample( 'billing.country', 'DE' ) );
		self::assertSame( '', Mask::sample( 'x', array( 1 ) ) );
		self::assertSame( '', Mask::sample( 'x', "\xff broken" ) );
	}
}
