<?php
/**
 * What every page listens to.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock;

use Crossdock\Capture\Hooks;

/**
 * The hooks of every page in one table, so that a page reads no more of the plugin than this: a class is loaded when one of its
 * hooks is called. Names of our own hooks stand here as they are: a class' constant would load the class.
 */
final class Listeners implements Part {

	/**
	 * What tells of a change, in the order in which ours are called: hook, class, method, arguments it takes (1), when among others
	 * (20). Nothing that ours throws breaks the page.
	 */
	public const CHANGES = array(
		array( 'woocommerce_checkout_create_order', Capture\Visits::class, 'order' ),
		array( 'woocommerce_store_api_checkout_update_order_from_request', Capture\Visits::class, 'order' ),
		array( 'user_register', Capture\Visits::class, 'user', 1, 5 ),
		array( 'woocommerce_checkout_create_order', Capture\Consent::class, 'classic', 2 ),
		array( 'woocommerce_init', Capture\Consent::class, 'block_field' ),
		array( 'woocommerce_store_api_checkout_update_order_from_request', Capture\Consent::class, 'block', 2 ),
		array( 'woocommerce_checkout_order_processed', Capture\Consent::class, 'ordered', 3, 5 ),
		array( 'woocommerce_store_api_checkout_order_processed', Capture\Consent::class, 'ordered', 3, 5 ),
		array( 'register_form', Capture\ConsentForms::class, 'ask' ),
		array( 'woocommerce_register_form', Capture\ConsentForms::class, 'ask' ),
		array( 'user_register', Capture\ConsentForms::class, 'registered' ),
		array( 'woocommerce_edit_account_form', Capture\ConsentForms::class, 'show', 0 ),
		array( 'show_user_profile', Capture\ConsentForms::class, 'show_in_admin' ),
		array( 'edit_user_profile', Capture\ConsentForms::class, 'show_in_admin' ),
		array( 'woocommerce_save_account_details', Capture\ConsentForms::class, 'saved_account', 1, 10 ),
		array( 'personal_options_update', Capture\ConsentForms::class, 'saved_profile', 1, 10 ),
		array( 'edit_user_profile_update', Capture\ConsentForms::class, 'saved_profile', 1, 10 ),
		array( 'crossdock_consent', Capture\ConsentForms::class, 'told', 3, 10 ),
		array( 'user_register', Capture\Users::class, 'registered' ),
		array( 'profile_update', Capture\Users::class, 'saved' ),
		array( 'woocommerce_update_customer', Capture\Users::class, 'saved' ),
		array( 'woocommerce_new_customer', Capture\Users::class, 'saved' ),
		array( 'add_user_to_blog', Capture\Users::class, 'saved' ),
		array( 'woocommerce_customer_save_address', Capture\Users::class, 'saved' ),
		array( 'woocommerce_save_account_details', Capture\Users::class, 'saved' ),
		array( 'set_user_role', Capture\Users::class, 'saved' ),
		array( 'wp_login', Capture\Users::class, 'logged_in', 2 ),
		array( 'deleted_user', Capture\Users::class, 'gone' ),
		array( 'remove_user_from_blog', Capture\Users::class, 'gone' ),
		array( 'woocommerce_new_order', Capture\Orders::class, 'saved', 2 ),
		array( 'woocommerce_update_order', Capture\Orders::class, 'saved', 2 ),
		array( 'woocommerce_order_status_changed', Capture\Orders::class, 'status_changed', 3 ),
		array( 'woocommerce_trash_order', Capture\Orders::class, 'touched' ),
		array( 'woocommerce_untrash_order', Capture\Orders::class, 'touched' ),
		array( 'woocommerce_payment_complete', Capture\Orders::class, 'touched' ),
		array( 'woocommerce_delete_order', Capture\Orders::class, 'gone', 2 ),
		array( 'deleted_post', Capture\Orders::class, 'gone', 2 ),
		array( 'trashed_post', Capture\Orders::class, 'post_touched' ),
		array( 'untrashed_post', Capture\Orders::class, 'post_touched' ),
		array( 'woocommerce_order_refunded', Capture\Refunds::class, 'refunded', 2 ),
		array( 'woocommerce_update_order_refund', Capture\Refunds::class, 'saved' ),
		array( 'woocommerce_refund_deleted', Capture\Refunds::class, 'deleted', 2 ),
		array( 'before_delete_post', Capture\Refunds::class, 'going' ),
		array( 'deleted_post', Capture\Refunds::class, 'gone', 2 ),
		array( 'woocommerce_new_product', Capture\Products::class, 'saved' ),
		array( 'woocommerce_update_product', Capture\Products::class, 'saved' ),
		array( 'woocommerce_new_product_variation', Capture\Products::class, 'saved' ),
		array( 'woocommerce_update_product_variation', Capture\Products::class, 'saved' ),
		array( 'woocommerce_product_set_stock', Capture\Products::class, 'stock' ),
		array( 'woocommerce_variation_set_stock', Capture\Products::class, 'stock' ),
		array( 'woocommerce_updated_product_stock', Capture\Products::class, 'stock' ),
		array( 'woocommerce_product_set_stock_status', Capture\Products::class, 'stock' ),
		array( 'woocommerce_variation_set_stock_status', Capture\Products::class, 'stock' ),
		array( 'trashed_post', Capture\Products::class, 'post_touched' ),
		array( 'untrashed_post', Capture\Products::class, 'post_touched' ),
		array( 'before_delete_post', Capture\Products::class, 'going' ),
		array( 'deleted_post', Capture\Products::class, 'gone', 2 ),
		array( 'crossdock_event', Capture\CustomEvents::class, 'happened', 3, 10 ),
	);

	/**
	 * Filters of the shop in which ours take part, likewise: when ours fails, the value stays as it was.
	 */
	public const FILTERS = array(
		array( 'woocommerce_checkout_fields', Capture\Consent::class, 'field' ),
		array( 'woocommerce_checkout_get_value', Capture\Consent::class, 'unticked', 2 ),
		array( 'woocommerce_pre_delete_order_refund', Capture\Refunds::class, 'asked', 2 ),
	);

	/**
	 * All others, actions and filters: hook, class, method, arguments it takes (1), when among others (10).
	 */
	public const OTHERS = array(
		array( 'wp_initialize_site', Setup\Activation::class, 'site_made', 1, 900 ),
		array( 'wpmu_drop_tables', Setup\Activation::class, 'site_dropped', 2 ),
		array( 'admin_init', Setup\Activation::class, 'give' ),
		// Before anything of ours does its work on `init`.
		array( 'init', Setup\Upkeep::class, 'check', 1, 0 ),
		// The host of our header's `Update URI`: WordPress asks us, never its own directory.
		array( 'update_plugins_crossdock.example', Setup\Updater::class, 'found', 3 ),
		array( 'pre_set_site_transient_update_plugins', Setup\Updater::class, 'noted' ),
		array( 'plugins_api', Setup\Updater::class, 'details', 3, 20 ),
		array( 'upgrader_pre_download', Setup\Updater::class, 'fetch', 4 ),
		array( 'before_woocommerce_init', Site\Compatibility::class, 'declare_features' ),
		array( 'crossdock_copy_hourly', Site\CopyWatch::class, 'look' ),
		array( 'crossdock_paired', Site\CopyWatch::class, 'plan' ),
		array( 'admin_init', Site\CopyWatch::class, 'plan' ),
		array( 'crossdock_hazards_daily', Site\HazardWatch::class, 'search' ),
		array( 'admin_init', Site\HazardWatch::class, 'plan' ),
		array( 'rest_api_init', Site\Probe::class, 'route' ),
		array( 'crossdock_paired', Hub\AfterPairing::class, 'resume' ),
		array( 'crossdock_run', Outbox\Timetable::class, 'run' ),
		array( 'cron_schedules', Outbox\Timetable::class, 'interval' ),
		array( 'rest_api_init', Commands\Route::class, 'routes' ),
		array( 'rest_pre_dispatch', Commands\Route::class, 'first', 3, 1 ),
		array( 'crossdock_daily', Monitor\Chores::class, 'tidy' ),
		array( 'admin_init', Monitor\Chores::class, 'schedule' ),
		array( 'crossdock_daily', Mapping\Telling::class, 'daily' ),
	);

	private Container $container;
	private Wp\Home $home;

	/**
	 * Takes what it works with.
	 *
	 * @param Container $container Builds the classes.
	 * @param Wp\Home   $home      Where the plugin lies.
	 */
	public function __construct( Container $container, Wp\Home $home ) {
		$this->container = $container;
		$this->home      = $home;
	}

	/**
	 * Listens to all of it.
	 *
	 * @return void
	 */
	public function register(): void {
		$hooks = $this->container->get( Hooks::class );
		foreach ( self::CHANGES as $row ) {
			$hooks->on( $row[0], $row[1], $row[2], $row[3] ?? 1, $row[4] ?? 20 );
		}
		foreach ( self::FILTERS as $row ) {
			$hooks->filter( $row[0], $row[1], $row[2], $row[3] ?? 1, $row[4] ?? 20 );
		}
		foreach ( self::OTHERS as $row ) {
			add_filter( $row[0], $this->calling( $row[1], $row[2] ), $row[4] ?? 10, $row[3] ?? 1 );
		}
		register_activation_hook( $this->home->file(), $this->calling( Setup\Activation::class, 'activate' ) );
		register_deactivation_hook( $this->home->file(), $this->calling( Setup\Activation::class, 'deactivate' ) );
		add_action( 'shutdown', array( $this, 'end' ), PHP_INT_MAX );
	}

	/**
	 * Builds all of them now: where a request may put other code in the place of this, none of that is loaded into it.
	 *
	 * @return void
	 */
	public function load(): void {
		foreach ( array_merge( self::CHANGES, self::FILTERS, self::OTHERS ) as $row ) {
			$this->container->get( $row[1] );
		}
	}

	/**
	 * The request ends, after everybody else's work: only one that wrote something has anything left to do.
	 *
	 * @return void
	 */
	public function end(): void {
		if ( $this->container->has( Outbox\Outbox::class ) ) {
			$this->container->get( Outbox\Immediate::class )->end();
		}
	}

	/**
	 * Returns what calls a method of a class, which is built then.
	 *
	 * @param class-string $name   The class.
	 * @param string       $method Its method.
	 * @return callable
	 */
	private function calling( string $name, string $method ): callable {
		return function ( ...$given ) use ( $name, $method ) {
			// Deactivated and deleted in this very request: there is nothing left to load.
			return is_file( $this->home->file() ) ? $this->container->get( $name )->$method( ...$given ) : ( $given[0] ?? null );
		};
	}
}
