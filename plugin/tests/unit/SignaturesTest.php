<?php
/**
 * Signatures, held to the vectors that the hub is held to.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Hub\Signature;
use PHPUnit\Framework\TestCase;

/**
 * The vectors are tests/fixtures/plugin/signatures.json; tests/unit/plugin/test_signatures.py holds the hub to them.
 */
final class SignaturesTest extends TestCase {

	public function test_both_sides_sign_alike(): void {
		$file    = dirname( CROSSDOCK_TESTS, 2 ) . '/tests/fixtures/plugin/signatures.json';
		$vectors = json_decode( (string) file_get_contents( $file ), true );
		self::assertCount( 12, $vectors );
		foreach ( $vectors as $one ) {
			$parts = array( $one['way'], $one['secret'], $one['method'], $one['target'], (string) $one['timestamp'], $one['nonce'], $one['body'] );
			self::assertSame( $one['signature'], Signature::make( ...$parts ), $one['name'] );
			self::assertTrue( Signature::matches( $one['signature'], ...$parts ), $one['name'] );
			$parts[0] = Signature::OURS === $one['way'] ? Signature::HUBS : Signature::OURS;
			self::assertFalse( Signature::matches( $one['signature'], ...$parts ), 'turned round: ' . $one['name'] );
		}
	}
}
