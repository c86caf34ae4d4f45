<?php
/**
 * The plugin's menu.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Container;
use Crossdock\Part;
use Crossdock\Wp\Home;

/**
 * Adds the menu and its screens; a screen's class is loaded and built only when it is opened.
 */
final class Menu implements Part {

	/**
	 * Who may see and use the screens.
	 */
	public const CAPABILITY = 'manage_crossdock';

	/**
	 * Slug => screen, in the order of the menu. The first is the menu's own.
	 */
	private const PAGES = array(
		OverviewPage::SLUG   => OverviewPage::class,
		ActivityPage::SLUG   => ActivityPage::class,
		QueuePage::SLUG      => QueuePage::class,
		MappingPage::SLUG    => MappingPage::class,
		StatisticsPage::SLUG => StatisticsPage::class,
		LogPage::SLUG        => LogPage::class,
		TestsPage::SLUG      => TestsPage::class,
		ConnectionPage::SLUG => ConnectionPage::class,
		SettingsPage::SLUG   => SettingsPage::class,
	);

	/**
	 * Builds the screens.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Where styles and scripts lie.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * The hooks of our screens, as WordPress names them.
	 *
	 * @var array<string, string>
	 */
	private array $hooks = array();

	/**
	 * Notes what it needs.
	 *
	 * @param Container $container Builds the screens.
	 * @param Home      $home      Where styles and scripts lie.
	 */
	public function __construct( Container $container, Home $home ) {
		$this->container = $container;
		$this->home      = $home;
	}

	/**
	 * Adds the hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		add_action( 'admin_menu', array( $this, 'add' ) );
		add_action( 'admin_enqueue_scripts', array( $this, 'assets' ) );
		add_filter( 'set-screen-option', array( $this, 'keep_rows' ), 10, 3 );
	}

	/**
	 * Returns the address of one of the screens.
	 *
	 * @param string                    $slug The screen's slug.
	 * @param array<string, string|int> $args More of the query; values are encoded here.
	 * @return string Not yet escaped.
	 */
	public static function url( string $slug, array $args = array() ): string {
		$query = http_build_query( array( 'page' => $slug ) + $args, '', '&' );
		return admin_url( 'admin.php?' . $query );
	}

	/**
	 * Adds the menu.
	 *
	 * @return void
	 */
	public function add(): void {
		$first = (string) key( self::PAGES );
		if ( '' === $first ) {
			return;
		}
		add_menu_page( 'Crossdock', 'Crossdock', self::CAPABILITY, $first, '', 'dashicons-randomize', 58 );
		foreach ( self::PAGES as $slug => $class ) {
			$title = $class::title();
			$hook  = add_submenu_page( $first, 'Crossdock: ' . $title, $title, self::CAPABILITY, $slug, $this->shower( $class ) );
			if ( false !== $hook ) {
				$this->hooks[ $hook ] = $class;
				add_action( 'load-' . $hook, $this->loader( $class ) );
			}
		}
	}

	/**
	 * Loads our styles and the small script on our screens only.
	 *
	 * @param string $hook The screen WordPress shows.
	 * @return void
	 */
	public function assets( string $hook ): void {
		$edits = array( 'profile.php', 'user-edit.php', 'post.php', 'woocommerce_page_wc-orders' );
		if ( isset( $this->hooks[ $hook ] ) || in_array( $hook, $edits, true ) ) {
			wp_enqueue_style( 'crossdock-admin', $this->home->url( 'assets/admin.css' ), array(), $this->home->version() );
		}
	}

	/**
	 * Lets WordPress keep how many rows a list of ours shows.
	 *
	 * @param mixed  $kept   What is kept so far.
	 * @param string $option Its name.
	 * @param mixed  $value  What the person chose.
	 * @return mixed
	 */
	public function keep_rows( $kept, string $option, $value ) {
		return 0 === strpos( $option, 'crossdock_' ) ? max( 1, min( 200, (int) $value ) ) : $kept;
	}

	/**
	 * Returns what carries out the forms of a screen.
	 *
	 * @param string $class The screen.
	 * @return callable
	 */
	private function loader( string $class ): callable {
		return function () use ( $class ): void {
			$this->page( $class )->load();
		};
	}

	/**
	 * Returns what prints a screen with its frame.
	 *
	 * @param string $class The screen.
	 * @return callable
	 */
	private function shower( string $class ): callable {
		return function () use ( $class ): void {
			if ( ! current_user_can( self::CAPABILITY ) ) {
				wp_die( esc_html__( 'You may not see this page.', 'crossdock' ), '', array( 'response' => 403 ) );
			}
			echo '<div class="wrap crossdock"><h1>' . esc_html( $class::title() ) . '</h1><hr class="wp-header-end">';
			Flash::show();
			$this->page( $class )->show();
			echo '</div>';
		};
	}

	/**
	 * Returns a screen.
	 *
	 * @param string $class Its class.
	 * @return Page
	 */
	private function page( string $class ): Page {
		$page = $this->container->get( $class );
		if ( ! $page instanceof Page ) {
			throw new \LogicException( $class . ' is no page' );
		}
		return $page;
	}
}
