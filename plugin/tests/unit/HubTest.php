<?php
/**
 * The way to the hub without a hub.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Hub\Answer;
use Crossdock\Hub\ByHand;
use Crossdock\Hub\Causes;
use Crossdock\Hub\Client;
use Crossdock\Hub\Code;
use Crossdock\Hub\Credentials;
use Crossdock\Hub\Diagnosis;
use Crossdock\Hub\Signature;
use Crossdock\Settings\Seal;
use Crossdock\Settings\Settings;
use Crossdock\Setup\Release;
use Crossdock\Site\Copies;
use Crossdock\Site\Known;
use Crossdock\Tests\ArrayOptions;
use Crossdock\Tests\FixedClock;
use Crossdock\Tests\FixedSalts;
use Crossdock\Tests\ScriptedTransport;
use Crossdock\Wp\Reply;
use Crossdock\Wp\Transport;
use PHPUnit\Framework\TestCase;

/**
 * Signing, sealing, reading answers, naming causes.
 */
final class HubTest extends TestCase {

	private const KEY    = 'cdk_kkkkkkkkkkkkkkkkkkkkkkkk';
	private const SECRET = 'cds_ssssssssssssssssssssssss';

	/**
	 * @var ArrayOptions
	 */
	private $options;

	/**
	 * @var FixedSalts
	 */
	private $salts;

	protected function setUp(): void {
		$this->options = new ArrayOptions();
		$this->salts   = new FixedSalts();
	}

	private function credentials(): Credentials {
		return new Credentials( $this->options, new Seal( $this->salts ) );
	}

	private function client( ScriptedTransport $transport ): Client {
		return new Client( $transport, new FixedClock(), $this->credentials(), new Settings( $this->options ) );
	}

	public function test_a_signature_is_what_it_is_written_to_be(): void {
		$signed = "v1\nPOST\n/api/integrations/wordpress/batch?x=1\n1795255200\nnonce-of-16-chars\n{\"a\":1}";
		$made   = Signature::make( Signature::OURS, self::SECRET, 'POST', '/api/integrations/wordpress/batch?x=1', '1795255200', 'nonce-of-16-chars', '{"a":1}' );
		self::assertSame( 'v1=' . hash_hmac( 'sha256', $signed, self::SECRET ), $made );
		$turned = array( Signature::HUBS, self::SECRET, 'POST', '/api/integrations/wordpress/batch?x=1', '1795255200', 'nonce-of-16-chars', '{"a":1}' );
		self::assertFalse( Signature::matches( $made, ...$turned ), 'a request cannot be turned round' );
	}

	public function test_what_is_asked_is_signed_as_it_goes_on_the_wire(): void {
		$this->credentials()->keep( 'https://hub.example/crossdock/', self::KEY, self::SECRET, array() );
		$transport = new ScriptedTransport( new Reply( 200, array(), '{"data":{}}' ), new Reply( 200, array(), '{"data":{}}' ) );
		$client    = $this->client( $transport );
		$client->get( '/activity', array( 'q' => 'a b&c=ü', 'cursor' => null ) );
		$client->post( '/batch', array( 'items' => array( 'ü/🙂' ) ), 3.0 );
		list( $get, $post ) = $transport->asked;
		self::assertSame( 'https://hub.example/crossdock/api/integrations/wordpress/activity?q=a%20b%26c%3D%C3%BC', $get['url'] );
		self::assertSame( '{"items":["ü/🙂"]}', $post['body'] );
		self::assertSame( 3.0, $post['timeout_s'] );
		self::assertSame( 15.0, $get['timeout_s'] );
		foreach ( array( $get, $post ) as $asked ) {
			$h      = $asked['headers'];
			$target = substr( $asked['url'], strlen( 'https://hub.example' ) );
			self::assertTrue( Signature::matches( $h['X-Crossdock-Signature'], 'v1', self::SECRET, $asked['method'], $target, $h['X-Crossdock-Timestamp'], $h['X-Crossdock-Nonce'], $asked['body'] ) );
			self::assertSame( self::KEY, $h['X-Crossdock-Key'] );
			self::assertStringNotContainsString( self::SECRET, serialize( $asked ) );
		}
		self::assertNotSame( $get['headers']['X-Crossdock-Nonce'], $post['headers']['X-Crossdock-Nonce'] );
	}

	public function test_without_a_usable_key_nothing_is_asked(): void {
		$transport = new ScriptedTransport();
		self::assertSame( 'unpaired', $this->client( $transport )->get( '/status' )->code() );
		$this->credentials()->keep( 'https://hub.example', self::KEY, self::SECRET, array() );
		$this->salts->salt = 'another';
		self::assertSame( 'salts-changed', $this->client( $transport )->get( '/status' )->code() );
		$this->salts->salt                            = 'a salt of the tests';
		$this->options->kept[ Credentials::SECRET ] = substr( $this->options->kept[ Credentials::SECRET ], 0, -8 ) . 'AAAAAAA=';
		self::assertSame( 'damaged', $this->client( $transport )->get( '/status' )->code() );
		self::assertSame( array(), $transport->asked );
	}

	public function test_a_request_that_was_under_way_while_the_site_was_paired_anew_is_sent_again_with_the_new_key(): void {
		$this->credentials()->keep( 'https://hub.example', self::KEY, self::SECRET, array() );
		$other     = str_replace( 'k', 'n', self::KEY );
		$transport = new class( function () use ( $other ): void {
			$this->credentials()->keep( 'https://other.example', $other, self::SECRET, array() );
		} ) implements Transport {
			public array $asked = array();
			private $meanwhile;
			public function __construct( callable $meanwhile ) {
				$this->meanwhile = $meanwhile;
			}
			public function send( string $method, string $url, array $headers, string $body, float $timeout_s ): Reply {
				$this->asked[] = array( $url, $headers['X-Crossdock-Key'] );
				if ( 1 === count( $this->asked ) ) {
					( $this->meanwhile )();
					return new Reply( 401, array(), '{"code":"unknown-key"}' );
				}
				return new Reply( 200, array(), '{"data":{}}' );
			}
		};
		$client = new Client( $transport, new FixedClock(), $this->credentials(), new Settings( $this->options ) );
		self::assertTrue( $client->post( '/batch', array() )->ok() );
		self::assertSame( array( array( 'https://hub.example/api/integrations/wordpress/batch', self::KEY ), array( 'https://other.example/api/integrations/wordpress/batch', $other ) ), $transport->asked );
		$refused = new ScriptedTransport( new Reply( 401, array(), '{"code":"unknown-key"}' ), new Reply( 200, array(), '{"data":{}}' ) );
		self::assertSame( 'unknown-key', $this->client( $refused )->get( '/status' )->code(), 'the same key is not tried twice' );
		self::assertCount( 1, $refused->asked );
	}

	/**
	 * @return array<string, array<int, string>>
	 */
	public static function ways(): array {
		return array( 'sodium' => array( 'sodium' ), 'openssl' => array( 'openssl' ) );
	}

	/**
	 * @dataProvider ways
	 */
	public function test_what_is_sealed_is_opened_by_the_same_salts_alone( string $way ): void {
		$seal = new Seal( $this->salts );
		if ( ! in_array( $way, $seal->ways(), true ) ) {
			self::assertNull( $seal->close( 'x', $way ), "this PHP has no $way, and says so" );
			return;
		}
		foreach ( array( '', 'x', str_repeat( 'long ', 500 ), "\0\xff\n" ) as $text ) {
			$sealed = (string) $seal->close( $text, $way );
			self::assertSame( $text, $seal->open( $sealed ) );
			self::assertNotSame( $sealed, $seal->close( $text, $way ) );
			self::assertFalse( $seal->foreign( $sealed ) );
			for ( $at = 30; $at < strlen( $sealed ); $at += 7 ) {
				$changed = $sealed;

				$changed[ $at ] = 'A' === $sealed[ $at ] ? 'B' : 'A';
				self::assertTrue( $changed === $sealed || null === $seal->open( $changed ) || base64_decode( explode( ':', $changed )[3] ) === base64_decode( explode( ':', $sealed )[3] ) );
			}
			$other = new Seal( new FixedSalts( 'other' ) );
			self::assertNull( $other->open( $sealed ) );
			self::assertTrue( $other->foreign( $sealed ) );
		}
		foreach ( array( '', 'v1', 'v1:sodium:x:', 'v2:sodium:x:AAAA', 'v1:none:x:' . base64_encode( str_repeat( 'x', 60 ) ) ) as $broken ) {
			self::assertNull( $seal->open( $broken ) );
		}
	}

	public function test_an_answer_is_read_whole(): void {
		$headers = array( 'ratelimit-limit' => '600', 'ratelimit-remaining' => '599', 'ratelimit-reset' => '31', 'retry-after' => '12' );
		$answer  = new Answer( new Reply( 200, $headers, '{"data":{"a":1},"meta":{"time":"2026-11-21T10:00:00Z"}}' ), 1795255200.0 );
		self::assertTrue( $answer->ok() );
		self::assertSame( array( 'a' => 1 ), $answer->data );
		self::assertSame( array( 'limit' => 600, 'remaining' => 599, 'reset' => 31 ), $answer->limits );
		self::assertSame( 12.0, $answer->retry_after );
		self::assertSame( 1795255200.0, $answer->time() );
		$date = new Answer( new Reply( 503, array( 'retry-after' => 'Sat, 21 Nov 2026 10:01:00 GMT' ), '' ), 1795255200.0 );
		self::assertSame( 60.0, $date->retry_after );
		self::assertTrue( $date->passing() );
		$problem = '{"code":"invalid","title":"T","detail":"D","remedy":"R","problems":[{"field":"f","rule":"r","remedy":"m"},3]}';
		$refused = new Answer( new Reply( 422, array(), $problem ), 0.0 );
		self::assertSame( array( 'code' => 'invalid', 'detail' => 'D', 'remedy' => 'R', 'problems' => array( array( 'field' => 'f', 'rule' => 'r', 'remedy' => 'm' ) ) ), array_intersect_key( $refused->problem, array_flip( array( 'code', 'detail', 'remedy', 'problems' ) ) ) );
		self::assertFalse( $refused->passing() );
		foreach ( array( '', '<html>', 'null', '3', '{"data":3}', str_repeat( '[', 500 ) ) as $strange ) {
			self::assertSame( 'not-the-hub', ( new Answer( new Reply( 200, array(), $strange ), 0.0 ) )->code() );
		}
	}

	/**
	 * @return array<string, array<int, mixed>> Status, headers, body, failure, cause.
	 */
	public static function causes(): array {
		$page = array( 'content-type' => 'text/html' );
		return array(
			'dns'         => array( 0, array(), '', 'cURL error 6: Could not resolve host: x', 'dns' ),
			'timeout'     => array( 0, array(), '', 'cURL error 28: SSL connection timeout', 'timeout' ),
			'tls'         => array( 0, array(), '', 'cURL error 60: SSL certificate problem', 'tls' ),
			'refused'     => array( 0, array(), '', 'cURL error 7: Failed to connect', 'refused' ),
			'blocked'     => array( 0, array(), '', 'User has blocked requests through HTTP.', 'blocked-here' ),
			'broken'      => array( 0, array(), '', 'cURL error 52: Empty reply from server', 'network' ),
			'firewall'    => array( 403, $page + array( 'cf-ray' => '1' ), '<html>', '', 'firewall' ),
			'challenge'   => array( 200, $page + array( 'cf-ray' => '1' ), '<html>', '', 'firewall' ),
			'wrong path'  => array( 404, $page, '<html>', '', 'wrong-path' ),
			'redirect'    => array( 301, array( 'location' => '/x' ), '', '', 'wrong-path' ),
			'a page'      => array( 200, $page, '<html>', '', 'not-the-hub' ),
			'gateway'     => array( 502, $page, '<html>', '', 'hub-trouble' ),
			'busy'        => array( 429, array(), '{"code":"rate-limited"}', '', 'busy' ),
			'key'         => array( 401, array(), '{"code":"unknown-key"}', '', 'unknown-key' ),
			'signature'   => array( 401, array(), '{"code":"bad-signature"}', '', 'bad-signature' ),
			'clock'       => array( 401, array(), '{"code":"clock-skew","server_time":"2026-11-21T09:50:00Z"}', '', 'clock-skew' ),
			'other 401'   => array( 401, array(), '{"code":"something"}', '', 'unknown-key' ),
			'copy'        => array( 409, array(), '{"code":"another-site"}', '', 'another-site' ),
			'hub'         => array( 500, array(), '{"code":"error"}', '', 'hub-trouble' ),
			'no'          => array( 422, array(), '{"code":"invalid"}', '', 'refused-by-hub' ),
			'well'        => array( 200, array(), '{"data":{}}', '', 'ok' ),
		);
	}

	/**
	 * @dataProvider causes
	 * @param array<string, string> $headers Headers.
	 */
	public function test_a_cause_is_named_with_its_remedy( int $status, array $headers, string $body, string $failure, string $cause ): void {
		$found = new Diagnosis( new Answer( new Reply( $status, $headers, $body, $failure ), 1795255200.0 ), 1795255200.0 );
		self::assertSame( $cause, $found->cause );
		$words = Causes::words( $found );
		self::assertNotSame( '', $words['title'] );
		self::assertSame( 'ok' === $cause, '' === $words['remedy'] );
		if ( 'clock-skew' === $cause ) {
			self::assertStringContainsString( '600 seconds ahead', $words['title'] );
		}
	}

	public function test_a_code_is_read_however_it_was_pasted(): void {
		$code = 'cdp1.' . rtrim( strtr( base64_encode( 'https://hub.example/' ), '+/', '-_' ), '=' ) . '.Token_-1234567';
		foreach ( array( $code, "  $code\n", substr( $code, 0, 20 ) . "\r\n " . substr( $code, 20 ), "https://x.example/wp-admin/admin.php?page=crossdock-connection&pair=$code", "https://x.example/?pair=$code&y=1#z" ) as $pasted ) {
			$read = Code::read( $pasted );
			self::assertNotNull( $read, $pasted );
			self::assertSame( array( 'https://hub.example', 'Token_-1234567' ), array( $read->hub, $read->token ) );
		}
		foreach ( array( '', 'cdp1.x.y', 'cdp2' . substr( $code, 4 ), $code . '.x', 'x' . $code, 'cdp1.' . base64_encode( 'javascript:alert(1)//xxxx' ) . '.Token_-1234567' ) as $wrong ) {
			self::assertNull( Code::read( $wrong ), $wrong );
		}
	}

	public function test_an_address_of_a_hub_is_https_or_this_machine(): void {
		foreach ( array( 'https://hub.example', 'https://hub.example:8443/crossdock', 'http://127.0.0.1:8080', 'http://localhost', 'HTTPS://HUB.EXAMPLE' ) as $well ) {
			self::assertTrue( Code::address( $well ), $well );
		}
		foreach ( array( '', 'hub.example', 'http://hub.example', 'ftp://hub.example', 'https://u:p@hub.example', 'https://hub.example?x', 'https://hub.example#x', 'https://hub.example/"', "https://hub.example/\n", 'https://', 'javascript:alert(1)', 'http://127.0.0.1.evil.example' ) as $wrong ) {
			self::assertFalse( Code::address( $wrong ), $wrong );
		}
		$fields = array();
		foreach ( ByHand::faults( 'x', 'y', 'z', false ) as $fault ) {
			$fields[] = $fault->field;
		}
		self::assertSame( array( 'hub', 'key', 'secret' ), $fields );
		self::assertSame( array(), ByHand::faults( 'https://hub.example', self::KEY, '', true ) );
		self::assertCount( 1, ByHand::faults( 'https://hub.example', self::KEY, '', false ) );
	}

	public function test_the_place_of_a_site_is_what_the_hub_takes_it_for(): void {
		self::assertSame( Copies::place( 'http://Shop.example:80/' ), Copies::place( 'https://shop.example' ) );
		self::assertNotSame( Copies::place( 'https://shop.example' ), Copies::place( 'https://www.shop.example' ) );
		self::assertNotSame( Copies::place( 'https://shop.example' ), Copies::place( 'https://shop.example/de' ) );
		self::assertNotSame( Copies::place( 'https://shop.example' ), Copies::place( 'https://shop.example:8443' ) );
		$marks = array( 'url' => 'https://shop.example', 'instance' => 'a', 'environment' => 'production', 'database' => 'd' );
		self::assertSame( '', Copies::compare( $marks, array( 'url' => 'http://shop.example/' ) + $marks ) );
		self::assertSame( 'address', Copies::compare( $marks, array( 'url' => 'https://staging.shop.example' ) + $marks ) );
		self::assertSame( 'environment', Copies::compare( $marks, array( 'environment' => 'staging' ) + $marks ) );
		self::assertSame( '', Copies::compare( array( 'environment' => 'staging' ) + $marks, $marks ) );
	}

	public function test_only_the_noted_key_and_the_whole_text_make_a_release(): void {
		// Made with the key whose seed is thirty-two times the letter s.
		$public    = '/sFChnP2r+iSZLOAc0SuiyadElpQOFUgJofbWnEoV58=';
		$signature = 'KT10PHWTkB5jyHGhfGXbALD1tztZ9Cy0u1Okb9gYqtg/LyELiGaA56IamNiW5nakFN5dgIosGWuJnUSLgCbRBA==';
		$told      = array( 'version' => '2.0.0', 'sha256' => str_repeat( 'a', 64 ), 'requires' => '6.1', 'requires_php' => '7.4' );

		$told['signatures'] = array( array( 'public_key' => 'other', 'signature' => 'x' ), array( 'public_key' => $public, 'signature' => $signature ) );
		if ( ! function_exists( 'sodium_crypto_sign_verify_detached' ) ) {
			self::assertSame( 'sodium', Release::signed( $told, $public ), 'a PHP that cannot verify installs nothing' );
			return;
		}
		self::assertSame( '', Release::signed( $told, $public ) );
		self::assertSame( 'unsigned', Release::signed( $told, '' ) );
		self::assertSame( 'key', Release::signed( $told, base64_encode( str_repeat( 'x', 32 ) ) ) );
		foreach ( array( 'version', 'sha256', 'requires', 'requires_php' ) as $name ) {
			self::assertSame( 'signature', Release::signed( array( $name => 'x' ) + $told, $public ), $name );
		}
		$told['signatures'][1]['signature'] = 'AAAA';
		self::assertSame( 'signature', Release::signed( $told, $public ) );
		self::assertSame( 'unsigned', Release::signed( array( 'signatures' => array() ) + $told, $public ) );
	}

	public function test_plugins_are_known_by_their_folder(): void {
		self::assertSame( array(), Known::among( array( 'akismet/akismet.php', 'hello.php' ) ) );
		$found = Known::among( array( 'leadin/leadin.php', 'klaviyo/klaviyo.php', 'wordfence/wordfence.php' ) );
		self::assertSame( array( array( 'sends-too', 'leadin, klaviyo' ), array( 'guards', 'wordfence' ) ), array_map( static function ( array $one ): array { return array( $one['code'], $one['said'] ); }, $found ) );
	}
}
