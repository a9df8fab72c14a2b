//! The shaders against their twins: hygiene without any GPU, then bytes on whatever adapter there
//! is.
//!
//! Without an adapter the tests that need one show as ignored; with `GBOOST_REQUIRE_GPU=1` they
//! run, and fail.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod add_leaves;
mod auto;
mod device;
mod gradient;
mod histogram;
mod kit;
mod leaf_sums;
mod models;
mod partition;
mod quantise;
mod route;
mod sample;
mod shaders;
mod split;
mod tuning;

use libtest_mimic::{Arguments, Trial};

/// A trial by the path of its function, ignored if `$ignored`.
macro_rules! trials {
    ($ignored:expr; $($module:ident::$test:ident),+ $(,)?) => {
        [$(Trial::test(concat!(stringify!($module), "::", stringify!($test)), || {
            $module::$test();
            Ok(())
        })
        .with_ignored_flag($ignored)),+]
    };
}

fn main() {
    let arguments = Arguments::from_args();
    let required = std::env::var("GBOOST_REQUIRE_GPU").is_ok_and(|value| value == "1");
    let missing = !required && gboost::internals::gpu::adapters().is_empty();
    let mut trials = Vec::new();
    trials.extend(trials![false;
        shaders::no_shader_has_a_float,
        shaders::structs_are_laid_out_as_in_rust,
        shaders::bindings_and_workgroups_are_those_of_the_table,
        shaders::every_kernel_has_its_twin_its_test_and_its_rows,
        device::adapters_are_chosen_by_kind_index_and_name,
        device::without_adapters_the_error_says_what_to_install,
    ]);
    trials.extend(trials![missing;
        device::too_little_memory_is_refused_before_the_first_round,
        device::a_wrong_adapter_is_refused,
        device::listed_adapters_have_the_default_limits_at_least,
        device::kernels_are_timed,
        device::kernels_work_on_as_much_as_their_twins,
        device::a_lost_device_is_not_used_again,
        device::losing_the_device_between_rounds_ends_the_training,
        device::losing_the_device_while_kernels_run_ends_the_training,
        device::a_kernel_on_a_lost_device_fails,
        device::refused_memory_names_what_is_needed,
        device::a_refused_shader_names_itself,
        gradient::pairs_are_equal,
        sample::drawn_rows_are_equal,
        quantise::quantisers_and_pairs_are_equal,
        histogram::sums_of_the_root_are_equal,
        split::winners_are_equal,
        partition::deeper_nodes_are_equal,
        partition::nodes_that_are_no_level_are_refused_by_name,
        leaf_sums::leaf_sums_are_equal,
        add_leaves::margins_are_equal,
        add_leaves::categories_are_refused,
        route::channels_are_equal,
        models::least_data,
        models::random_configurations,
        models::thousands_of_bins,
        models::deep_trees,
        models::task_1,
        auto::hands_change_at_every_boundary,
        auto::folds_change_hands_together,
        auto::what_a_gpu_refuses_stays_on_the_processor,
        auto::a_device_that_fails_gives_its_trainings_back,
        tuning::searches_find_the_same,
    ]);
    libtest_mimic::run(&arguments, trials).exit();
}
