<?php
/**
 * The screen of the log.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Monitor\Log;
use Crossdock\Monitor\LogEntries;
use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Query;

/**
 * Shows what went wrong; filters, searches, exports and empties it.
 */
final class LogPage implements Page {

	/**
	 * The slug.
	 */
	public const SLUG = 'crossdock-log';

	/**
	 * Lines of a page.
	 */
	private const ROWS = 50;

	/**
	 * The log.
	 *
	 * @var LogEntries
	 */
	private LogEntries $entries;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * What the address asks for.
	 *
	 * @var Query
	 */
	private Query $query;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param LogEntries $entries  The log.
	 * @param Settings   $settings The settings.
	 * @param Query      $query    What the address asks for.
	 * @param Clock      $clock    The clock.
	 */
	public function __construct( LogEntries $entries, Settings $settings, Query $query, Clock $clock ) {
		$this->entries  = $entries;
		$this->settings = $settings;
		$this->query    = $query;
		$this->clock    = $clock;
	}

	/**
	 * Returns the name of the screen.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Log', 'crossdock' );
	}

	/**
	 * Carries out what a form sent.
	 *
	 * @return void
	 */
	public function load(): void {
		if ( null !== Form::sent( 'log-clear' ) ) {
			$gone = $this->entries->clear();
			/* translators: %s: number of lines. */
			Flash::go( 'success', sprintf( _n( '%s line was deleted.', '%s lines were deleted.', $gone, 'crossdock' ), number_format_i18n( $gone ) ), Menu::url( self::SLUG ) );
		}
		if ( null !== Form::sent( 'log-export' ) ) {
			$filter = $this->filter();
			( new LogFile( $this->entries ) )->send( $filter['level'], $filter['q'] );
		}
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		$filter = $this->filter();
		$total  = $this->entries->count( $filter['level'], $filter['q'] );
		$page   = max( 1, min( $this->query->number( 'paged', 1 ), (int) ceil( $total / self::ROWS ) ) );
		/* translators: 1: number of days, 2: number of lines. */
		$kept = __( 'The log holds no personal data and no secrets. It is kept for %1$s days and up to %2$s lines; both can be changed in the settings.', 'crossdock' );
		echo '<p>' . esc_html( sprintf( $kept, number_format_i18n( $this->settings->number( 'keep_log_days' ) ), number_format_i18n( $this->settings->number( 'keep_log_rows' ) ) ) ) . '</p>';
		$levels = array( '' => __( 'All levels', 'crossdock' ) );
		foreach ( Log::LEVELS as $level ) {
			$levels[ $level ] = LogList::level( $level );
		}
		Filters::show(
			self::SLUG,
			array( 'level' => $levels ),
			array(
				'level' => __( 'Level', 'crossdock' ),
				'q'     => __( 'Search code or words', 'crossdock' ),
			),
			$filter
		);
		( new LogList( $this->clock->now() ) )->show( $this->entries->find( $filter['level'], $filter['q'], self::ROWS, ( $page - 1 ) * self::ROWS ) );
		Filters::pages( self::SLUG, $filter, $page, $total, self::ROWS );
		if ( $total > 0 ) {
			echo '<div class="crossdock-actions">';
			Form::button( 'log-export', __( 'Export these lines (CSV)', 'crossdock' ) );
			Form::button( 'log-clear', __( 'Delete all lines', 'crossdock' ), array(), 'button crossdock-danger' );
			echo '</div>';
		}
	}

	/**
	 * Returns what the address asks for.
	 *
	 * @return array<string, string>
	 */
	private function filter(): array {
		return array(
			'level' => $this->query->word( 'level', Log::LEVELS ),
			'q'     => $this->query->text( 'q' ),
		);
	}
}
