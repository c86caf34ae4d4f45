<?php
/**
 * What never gets into the log.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Monitor\Redaction;
use PHPUnit\Framework\TestCase;

/**
 * Secrets and people are taken out of messages; a context keeps only what is on the list.
 */
final class RedactionTest extends TestCase {

	/**
	 * Texts with what must not be found in them afterwards.
	 *
	 * @return array<string, array{string, string}>
	 */
	public static function secrets(): array {
		return array(
			'key'          => array( 'the key cdk_Ab12-xyz was refused', 'Ab12' ),
			'secret'       => array( 'cds_s3cr3t_value', 's3cr3t' ),
			'pairing code' => array( 'code cdp1.aHR0cHM6Ly9odWI.tok-en1', 'tok-en1' ),
			'bearer'       => array( 'Authorization: Bearer abcdef123456', 'abcdef123456' ),
			'password'     => array( 'password="hunter2" is wrong', 'hunter2' ),
			'query'        => array( 'GET https://hub.example/x?consumer_secret=cs_1 failed', 'cs_1' ),
			'user info'    => array( 'https://ann:pw@hub.example/', 'ann:pw' ),
			'hash'         => array( 'v1=' . str_repeat( 'ab', 32 ), str_repeat( 'ab', 32 ) ),
			'mail'         => array( 'no such person jane.doe+x@example.co.uk here', 'jane.doe' ),
			'coded mail'   => array( 'q=jane%40example.com', 'jane%40' ),
			'phone'        => array( 'call +49 30 901820-17 now', '901820' ),
			'phone plain'  => array( 'call 0301234567 now', '0301234567' ),
			'address'      => array( 'from 203.0.113.9 refused', '203.0.113.9' ),
			'tags'         => array( '<b onclick="x()">bold</b>', 'onclick' ),
		);
	}

	/**
	 * @dataProvider secrets
	 */
	public function test_it_is_taken_out( string $text, string $gone ): void {
		self::assertStringNotContainsString( $gone, Redaction::text( $text ) );
	}

	public function test_plain_words_stay(): void {
		$text = 'The hub answered 503 at 10:15, attempt 3 of order 1042 (cURL error 28, 15001 milliseconds).';
		self::assertSame( $text, Redaction::text( $text ) );
	}

	public function test_it_is_cut_between_characters(): void {
		$text = Redaction::text( str_repeat( 'ü', 2000 ) );
		self::assertLessThanOrEqual( 1000, strlen( $text ) );
		self::assertSame( 1, preg_match( '//u', $text ) );
	}

	public function test_a_context_keeps_codes_and_counts_only(): void {
		$kept = Redaction::context(
			array(
				'kind'   => 'order',
				'count'  => 3,
				'email'  => 'jane@example.com',
				'status' => 503,
				'code'   => 'mail jane@example.com',
				'entity' => array( 'no' => 'list' ),
			)
		);
		self::assertSame( array( 'kind' => 'order', 'status' => 503, 'code' => 'mail [e-mail]', 'count' => 3 ), $kept );
	}
}
