<?php
/**
 * The settings without a site.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Settings\Fault;
use Crossdock\Settings\Fields;
use Crossdock\Settings\Review;
use Crossdock\Settings\Rules;
use Crossdock\Settings\Settings;
use Crossdock\Settings\Transfer;
use Crossdock\Settings\Words;
use Crossdock\Setup\Backups;
use Crossdock\Tests\ArrayOptions;
use Crossdock\Tests\FixedClock;
use Crossdock\Wp\Home;
use PHPUnit\Framework\TestCase;

/**
 * What is kept is right; what is wrong is named, and nothing changes.
 */
final class SettingsTest extends TestCase {

	/**
	 * @var ArrayOptions
	 */
	private $options;

	/**
	 * @var Settings
	 */
	private $settings;

	protected function setUp(): void {
		$this->options  = new ArrayOptions();
		$this->settings = new Settings( $this->options );
	}

	private function backups(): Backups {
		$clock = new FixedClock();
		return new Backups( $this->options, $this->settings, new Review( $this->options, new Rules(), $clock ), $clock, new Home( CROSSDOCK_FILE, '1.0.0' ) );
	}

	private function transfer(): Transfer {
		return new Transfer( $this->settings, $this->backups(), new Home( CROSSDOCK_FILE, '1.0.0' ), new FixedClock() );
	}

	public function test_every_field_is_whole_and_its_default_is_right(): void {
		foreach ( Fields::all() as $name => $field ) {
			self::assertSame( $field['default'], ( new Rules() )->read( $name, $field['default'] ), $name );
			self::assertArrayHasKey( $field['group'], Words::groups(), $name );
			self::assertNotSame( $name, Words::of( $name )['label'], $name );
			foreach ( $field['choices'] ?? array() as $choice ) {
				self::assertArrayHasKey( $choice, Words::choices( $name ), $name );
			}
		}
	}

	/**
	 * @return array<string, array<int, mixed>> Setting, given, what is read or the rule that is broken.
	 */
	public static function values(): array {
		return array(
			'a switch of a form'   => array( 'immediate', '1', true ),
			'a switch that is off' => array( 'immediate', '0', false ),
			'a word for a switch'  => array( 'immediate', 'YES', true ),
			'no switch'            => array( 'immediate', 'perhaps', 'bool' ),
			'a list for a switch'  => array( 'immediate', array(), 'bool' ),
			'least'                => array( 'retry_days', '1', 1 ),
			'most'                 => array( 'retry_days', 30, 30 ),
			'below'                => array( 'retry_days', 0, 'least' ),
			'above'                => array( 'retry_days', '31', 'most' ),
			'a fraction'           => array( 'retry_days', '1.5', 'int' ),
			'a power'              => array( 'retry_days', '1e1', 'int' ),
			'a float'              => array( 'retry_days', 2.0, 'int' ),
			'nothing'              => array( 'retry_days', '', 'int' ),
			'blanks around'        => array( 'retry_days', ' 7 ', 7 ),
			'a line break'         => array( 'retry_days', "7\n8", 'int' ),
			'auto'                 => array( 'batch_size', 'auto', 'auto' ),
			'auto as a number'     => array( 'batch_size', '20', 20 ),
			'a word for auto'      => array( 'batch_size', 'many', 'auto!' ),
			'a choice'             => array( 'log_level', 'info', 'info' ),
			'no choice'            => array( 'log_level', 'loud', 'choice' ),
			'an address'           => array( 'alert_email', 'a@example.com', 'a@example.com' ),
			'addresses'            => array( 'alert_email', 'a@example.com,b@example.com', 'a@example.com, b@example.com' ),
			'no address'           => array( 'alert_email', 'a@example.com, b', 'email' ),
			'no address at all'    => array( 'alert_email', '', '' ),
			'hours'                => array( 'low_traffic', '22:00-05:30', '22:00-05:30' ),
			'no hours'             => array( 'low_traffic', '24:00-05:30', 'window' ),
			'the same hour'        => array( 'low_traffic', '05:30-05:30', 'window' ),
			'an id'                => array( 'ga4_id', 'G-ABCDE12345', 'G-ABCDE12345' ),
			'no id'                => array( 'ga4_id', 'UA-1', 'ga4' ),
			'a long text'          => array( 'consent_text', str_repeat( 'ü', 500 ), str_repeat( 'ü', 500 ) ),
			'too long a text'      => array( 'consent_text', str_repeat( 'ü', 501 ), 'length' ),
			'broken bytes'         => array( 'consent_text', "\xff", 'text' ),
			'a list for a text'    => array( 'consent_text', array( 'x' ), 'text' ),
			'what there is not'    => array( 'nothing', '1', 'unknown' ),
		);
	}

	/**
	 * @dataProvider values
	 * @param mixed $given  What is given.
	 * @param mixed $wanted What is read, or the rule.
	 */
	public function test_a_value_is_read_or_its_fault_named( string $name, $given, $wanted ): void {
		$read = ( new Rules() )->read( $name, $given );
		if ( $read instanceof Fault ) {
			self::assertSame( rtrim( (string) $wanted, '!' ), $read->rule );
			self::assertSame( $name, $read->field );
			self::assertNotSame( '', $read->remedy );
		} else {
			self::assertSame( $wanted, $read );
		}
	}

	public function test_all_or_nothing_is_kept(): void {
		$faults = $this->settings->keep( array( 'retry_days' => '9', 'batch_size' => '0' ) );
		self::assertCount( 1, $faults );
		self::assertSame( array(), $this->options->kept );
		self::assertSame( array(), $this->settings->keep( array( 'retry_days' => '9' ) ) );
		self::assertSame( 9, $this->settings->number( 'retry_days' ) );
		self::assertSame( 25, $this->settings->number( 'batch_size', 25 ) );
		self::assertTrue( $this->settings->auto( 'batch_size' ) );
	}

	public function test_what_another_hand_wrote_into_the_database_does_no_harm(): void {
		$this->options->kept[ Settings::OPTION ] = array( 'retry_days' => '9', 'batch_size' => 5000, 'log_level' => 'loud', 'send_users' => 0, 'consent_text' => array() );
		self::assertSame( Fields::defaults(), $this->settings->all() );
		$this->options->kept[ Settings::OPTION ] = 'broken';
		self::assertSame( Fields::defaults(), $this->settings->all() );
	}

	public function test_a_setting_that_is_not_in_the_table_is_a_mistake_of_the_code(): void {
		$this->expectException( LogicException::class );
		$this->settings->on( 'nothing' );
	}

	public function test_a_file_brings_back_what_was_exported(): void {
		$this->settings->keep( array( 'retry_days' => 9, 'consent_text' => 'Größe "x" \\ 🙂', 'send_logins' => true ) );
		$file   = $this->transfer()->export();
		$before = $this->settings->all();
		$this->settings->keep( Fields::defaults() );
		self::assertSame( array(), $this->transfer()->import( "\xEF\xBB\xBF" . $file ) );
		self::assertSame( $before, $this->settings->all() );
		self::assertSame( 'import', $this->backups()->all()[0]['why'] );
	}

	public function test_a_file_that_is_wrong_changes_nothing(): void {
		$file = $this->transfer()->export();
		$kept = $this->options->kept;
		foreach ( array( '', '[]', 'null', '{"crossdock_settings":1}', '{"crossdock_settings":1,"settings":3}', str_repeat( ' ', Transfer::MOST ) . $file, str_replace( 'auto', 'auti', $file ) ) as $wrong ) {
			self::assertNotSame( array(), $this->transfer()->import( $wrong ), substr( $wrong, 0, 40 ) );
		}
		self::assertSame( $kept, $this->options->kept );
	}

	public function test_a_review_leaves_what_is_right_alone(): void {
		$this->settings->keep( array( 'retry_days' => 9 ) );
		$kept = $this->options->kept;
		self::assertSame( array(), ( new Review( $this->options, new Rules(), new FixedClock() ) )->run() );
		self::assertSame( $kept, $this->options->kept );
	}

	public function test_what_was_set_aside_before_is_not_forgotten_by_the_next_review(): void {
		$review                                  = new Review( $this->options, new Rules(), new FixedClock() );
		$this->options->kept[ Settings::OPTION ] = array( 'retry_days' => 99 );
		$review->run();
		$this->options->kept[ Settings::OPTION ] = array( 'timeout' => 99 );
		$review->run();
		self::assertSame( array( 'timeout', 'retry_days' ), array_keys( $review->aside() ) );
		$review->dismiss();
		self::assertSame( array(), $review->aside() );
	}
}
