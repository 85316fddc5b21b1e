using System.Diagnostics;
using EbpfLb.Architecture.Tests.Rules;

namespace EbpfLb.Architecture.Tests;

/// <summary>The rules of docs/architecture.md on the repository itself.</summary>
public sealed class RepositoryTests
{
    private static readonly SourceTree Repository = SourceTree.OfRepository();

    [Fact]
    public void The_repository_was_found()
    {
        Assert.True(Repository.Exists("src/EbpfLb.Agent/Program.cs"));
        Assert.True(Repository.Exists("bpf/include/lb_abi.h"));
    }

    [Fact]
    public void Projects_reference_only_what_the_one_way_flow_allows() => Assert.Empty(ProjectReferences.Violations(Repository));

    [Fact]
    public void No_source_file_is_longer_than_400_lines() => Assert.Empty(FileLength.Violations(Repository));

    [Fact]
    public void No_line_is_longer_than_the_editor_settings_say() => Assert.Empty(LineLength.Violations(Repository));

    [Fact]
    public void A_file_of_a_few_lines_is_listed_with_why_it_stands_alone()
    {
        Assert.Empty(SmallFiles.Violations(Repository));
        Assert.Empty(SmallFiles.Outdated(Repository));
    }

    [Fact]
    public void No_type_of_the_product_is_there_for_tests_alone() => Assert.Empty(ShippedTypes.Violations(Repository));

    [Fact]
    public void Every_map_and_program_name_fits_what_the_kernel_shows() => Assert.Empty(BpfNames.Violations(Repository));

    [Fact]
    public void Every_path_named_in_the_documentation_exists() => Assert.Empty(DocumentedPaths.Violations(Repository));

    [Fact]
    public void Every_link_to_a_heading_leads_to_one() => Assert.Empty(DocumentedAnchors.Violations(Repository));

    [Fact]
    public void Every_test_named_in_the_documentation_exists()
    {
        Assert.All(DocumentedTests.Documents, page => Assert.True(Repository.Exists(page)));
        Assert.Empty(DocumentedTests.Violations(Repository));
    }

    [Fact]
    public void Conformance_is_what_the_attributes_of_tests_say()
    {
        Assert.Empty(ConformancePage.Violations(Repository));
        var page = ConformancePage.Write(Repository);
        if (Environment.GetEnvironmentVariable("EBPFLB_GOLDEN") == "write")
        {
            File.WriteAllText(Path.Combine(Repository.Root, ConformancePage.Document), page);
            return;
        }
        Assert.True(
            Repository.Files[ConformancePage.Document] == page,
            $"{ConformancePage.Document} differs from the [Contract] attributes of tests: run this test with EBPFLB_GOLDEN=write");
    }

    [Fact]
    public void Every_C_file_starts_with_its_licence_and_its_purpose() => Assert.Empty(LicenseLines.Violations(Repository));

    [Fact]
    public void The_name_of_an_option_is_written_once() => Assert.Empty(NamesOfOptions.Violations(Repository));

    [Fact]
    public void What_waits_and_what_runs_beside_the_pipeline_does_it_in_one_way() => Assert.Empty(Waiting.Violations(Repository));

    [Fact]
    public void Every_program_that_tests_and_benchmarks_start_is_installed_by_the_script_for_it()
    {
        using var script = Process.Start(
            new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "tools", "install-deps.sh"), "list", "test", "bench"])
            {
                UseShellExecute = false, RedirectStandardOutput = true,
            })!;
        var listed = script.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        script.WaitForExit();

        Assert.Equal(0, script.ExitCode);
        Assert.Contains("tcpdump:tcpdump", listed);
        Assert.Contains("nft:nftables", listed);
        Assert.Empty(InstalledTools.Violations(Repository, listed));
    }

    [Fact]
    public void Unsafe_code_stays_where_memory_is_shared_with_the_kernel() => Assert.Empty(UnsafeCode.Violations(Repository));

    [Fact]
    public void Words_are_those_of_the_field() => Assert.Empty(Words.Violations(Repository));
}
