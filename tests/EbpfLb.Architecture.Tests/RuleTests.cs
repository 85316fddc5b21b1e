using EbpfLb.Architecture.Tests.Rules;

namespace EbpfLb.Architecture.Tests;

/// <summary>Each rule finds what it is there to find, and leaves the rest alone.</summary>
public sealed class RuleTests
{
    private const string Licence = "/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */\n/* What it is. */\n";

    private static SourceTree Tree(params (string Path, string Text)[] files)
        => new(files.ToDictionary(f => f.Path, f => f.Text, StringComparer.Ordinal));

    private static SourceTree TestsAnd(string conformance) => Tree(
        (DocumentedTests.Documents[0], conformance),
        ("tests/EbpfLb.E2E/WireTests.cs", "public sealed class WireTests\n{\n    public void It_works()\n"));

    private static (string Path, string Text) Project(string path, params string[] references) => (path,
        $"<Project><ItemGroup>{string.Concat(references.Select(Reference))}</ItemGroup></Project>");

    private static string Reference(string project) => $"<ProjectReference Include=\"../{project}/{project}.csproj\" />";

    [Theory]
    [InlineData("src/EbpfLb.Policy/EbpfLb.Policy.csproj", "EbpfLb.Planning")]
    [InlineData("src/EbpfLb.Policy/EbpfLb.Policy.csproj", "EbpfLb.Explain")]
    [InlineData("src/EbpfLb.Datapath/EbpfLb.Datapath.csproj", "EbpfLb.Explain")]
    [InlineData("src/EbpfLb.Model/EbpfLb.Model.csproj", "EbpfLb.Bpf")]
    [InlineData("src/EbpfLb.Http/EbpfLb.Http.csproj", "EbpfLb.Datapath")]
    [InlineData("src/EbpfLb.Unheard/EbpfLb.Unheard.csproj", "EbpfLb.Model")]
    [InlineData("tests/EbpfLb.Policy.Tests/EbpfLb.Policy.Tests.csproj", "EbpfLb.Datapath")]
    public void A_reference_against_the_flow_is_found(string path, string reference)
        => Assert.Single(ProjectReferences.Violations(Tree(Project(path, reference))));

    [Theory]
    [InlineData("""RepositoryPaths.Tool("tcpdump")""", 1)]
    [InlineData("""Process.Start("iptables", [])""", 1)]
    [InlineData("""ChildProcess.Run(pod.Place, "socat", "-")""", 1)]
    [InlineData("""ChildProcess.Start(new ProcessPlace(null, null), ["socat"])""", 1)]
    [InlineData("""ChildProcess.Run(pod.Place, ["ip", "link"])""", 0)]
    [InlineData("""ChildProcess.Run(pod.Place, "/bin/sh", "-c", "true")""", 0)]
    public void A_program_that_a_test_starts_and_nothing_installs_is_found(string code, int found)
        => Assert.Equal(found, InstalledTools.Violations(Tree(("tests/EbpfLb.E2E/WireTests.cs", code)), ["ip:iproute2"]).Count());

    [Fact]
    public void References_along_the_flow_are_fine() => Assert.Empty(ProjectReferences.Violations(Tree(
        Project("src/EbpfLb.Planning/EbpfLb.Planning.csproj", "EbpfLb.Model", "EbpfLb.Policy", "EbpfLb.Abi"),
        Project("tests/EbpfLb.Policy.Tests/EbpfLb.Policy.Tests.csproj", "EbpfLb.Policy", "EbpfLb.Testing"),
        Project("tools/abigen/abigen.csproj", "EbpfLb.Bpf"))));

    [Theory]
    [InlineData("src/EbpfLb.Model/Long.cs", 401, 1)]
    [InlineData("bpf/lib/lb_long.h", 401, 1)]
    [InlineData("src/EbpfLb.Model/Just.cs", 400, 0)]
    [InlineData("src/EbpfLb.Abi/Abi.g.cs", 4000, 0)]
    public void A_long_file_is_found_unless_it_is_generated(string path, int lines, int found)
        => Assert.Equal(found, FileLength.Violations(Tree((path, string.Concat(Enumerable.Repeat("x\n", lines))))).Count());

    [Theory]
    [InlineData("src/EbpfLb.Model/X.cs", 140, "", 0)]
    [InlineData("src/EbpfLb.Model/X.cs", 141, "", 1)]
    [InlineData("src/EbpfLb.Model/X.g.cs", 141, "", 0)]
    [InlineData("src/EbpfLb.Model/X.cs", 141, "\"\"\"\n", 1)]
    [InlineData("tests/EbpfLb.Model.Tests/X.cs", 141, "", 1)]
    [InlineData("tests/EbpfLb.Model.Tests/X.cs", 141, "\"\"\"\n", 0)]
    [InlineData("bpf/lib/lb_x.h", 92, "\t", 0)]
    [InlineData("bpf/lib/lb_x.h", 93, "\t", 1)]
    public void A_long_line_is_found_unless_it_is_text_in_a_test(string path, int columns, string before, int found)
        => Assert.Equal(found, LineLength.Violations(Tree((path, before + new string('x', columns) + "\n"))).Count());

    [Theory]
    [InlineData("src/EbpfLb.Model/Tiny.cs", 14, 1)]
    [InlineData("src/EbpfLb.Model/Small.cs", 15, 0)]
    [InlineData("src/EbpfLb.Model/ObjectName.cs", 13, 0)]
    [InlineData("src/EbpfLb.Abi/Tiny.g.cs", 3, 0)]
    [InlineData("tests/EbpfLb.Model.Tests/Tiny.cs", 3, 0)]
    public void A_small_file_is_found_unless_it_is_listed(string path, int lines, int found)
        => Assert.Equal(found, SmallFiles.Violations(Tree((path, string.Concat(Enumerable.Repeat("x\n", lines))))).Count());

    [Theory]
    [InlineData("public sealed class Lonely { }", 1)]
    [InlineData("internal readonly record struct Lonely(int X);", 1)]
    [InlineData("internal static class Lonely { static Lonely? Of() => null; }", 0)]
    [InlineData("internal static class Lonely { static int Twice(this int x) => 2 * x; }", 0)]
    public void A_type_that_only_tests_use_is_found(string code, int found)
        => Assert.Equal(found,
            ShippedTypes.Violations(Tree(("src/EbpfLb.Model/X.cs", code), ("tests/EbpfLb.Model.Tests/X.cs", "new Lonely();"))).Count());

    [Theory]
    [InlineData("struct { __uint(type, 1); } lb_a_long_map_name SEC(\".maps\");", "lb_a_long_map_name")]
    [InlineData("struct {\n} lb_a_long_map_name __weak SEC(\".maps\");", "lb_a_long_map_name")]
    [InlineData("SEC(\"cgroup/connect4\")\nint lb_long_connect4(struct bpf_sock_addr *ctx)", "lb_long_connect4")]
    [InlineData("SEC(\"iter/udp\") int BPF_PROG(lb_udp_iterator_, void *x)", "lb_udp_iterator_")]
    public void A_long_name_of_a_map_or_program_is_found(string code, string name)
    {
        Assert.Equal([name], BpfNames.Names(code));
        Assert.Single(BpfNames.Violations(Tree(("bpf/prog/x.bpf.c", Licence + code))));
    }

    [Fact]
    public void Short_names_functions_without_a_section_and_the_licence_are_fine()
        => Assert.Empty(BpfNames.Violations(Tree(("bpf/prog/x.bpf.c",
        """
        char LICENSE[] SEC("license") = "Dual BSD/GPL";
        /* SEC("x") int only_mentioned_in_a_comment(void) */
        static int a_function_without_any_section(void) { return 0; }
        struct { __uint(max_entries, 1); } lb_services4 SEC(".maps");
        SEC("cgroup/connect4")
        int lb_connect4(struct bpf_sock_addr *ctx) { return 1; }
        """))));

    [Theory]
    [InlineData("README.md", "see `src/EbpfLb.Gone/X.cs`")]
    [InlineData("README.md", "see src/EbpfLb.Model/Gone.cs.")]
    [InlineData("docs/maps.md", "see [that](gone.md)")]
    [InlineData("docs/decisions/0001-x.md", "see [that](../gone.md#part)")]
    [InlineData("docs/maps.md", "all of bpf/gone/*.h")]
    public void A_path_that_does_not_exist_is_found(string document, string text)
        => Assert.Single(DocumentedPaths.Violations(Tree((document, text), ("src/EbpfLb.Model/X.cs", ""))));

    [Theory]
    [InlineData("README.md", "`src/EbpfLb.Model/X.cs`, src/EbpfLb.Model, [docs](docs/maps.md), https://example.org/src/nothing")]
    [InlineData("docs/maps.md", "[home](../README.md#status) and /sys/fs/bpf/ebpflb/default, build/bin/ebpflb, src/*/X.cs")]
    [InlineData("tests/notes.md", "`src/gone.cs` is not in the documentation")]
    public void Paths_that_exist_and_paths_of_others_are_fine(string document, string text)
    {
        var files = new Dictionary<string, string> { ["README.md"] = "", ["docs/maps.md"] = "", ["src/EbpfLb.Model/X.cs"] = "" };
        files[document] = text;
        Assert.Empty(DocumentedPaths.Violations(new SourceTree(files)));
    }

    [Theory]
    [InlineData("| title | `WireTests.It_is_gone` |")]
    [InlineData("| title | `GoneTests.It_works` |")]
    [InlineData("| title | `It_is_gone` |")]
    [InlineData("| title | `EbpfLb.E2E/GoneTests` |")]
    [InlineData("| title | later |")]
    public void A_test_that_does_not_exist_and_a_row_without_one_are_found(string row)
        => Assert.Single(DocumentedTests.Violations(TestsAnd(row)));

    [Theory]
    [InlineData("| title | `WireTests.It_works`, `It_works` of `EbpfLb.E2E/WireTests` |")]
    [InlineData("| title | not here: needs a kubelet |")]
    [InlineData("| title | test |\n|---|---|")]
    [InlineData("Anything `else` that is `src/Code.cs`.")]
    public void Tests_that_exist_and_reasons_for_none_are_fine(string row)
        => Assert.Empty(DocumentedTests.Violations(TestsAnd(row)));

    [Theory]
    [InlineData("#pragma once\n")]
    [InlineData("/* SPDX-License-Identifier: MIT */\n/* What it is. */\n")]
    [InlineData("/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */\n#pragma once\n")]
    public void A_missing_licence_or_purpose_is_found(string text)
        => Assert.Single(LicenseLines.Violations(Tree(("bpf/lib/lb_x.h", text))));

    [Fact]
    public void A_licence_with_a_purpose_is_fine()
        => Assert.Empty(LicenseLines.Violations(Tree(("bpf/lib/lb_x.h", Licence), ("src/Other.h", "no C of ours"))));

    [Theory]
    [InlineData("src/EbpfLb.Agent/X.cs", "await Task.Delay(period, time, token);", 1)]
    [InlineData("src/EbpfLb.Agent/X.cs", "sealed class X : BackgroundService { PeriodicTimer t; }", 2)]
    [InlineData("src/EbpfLb.Kubernetes/Reflector/X.cs", "await Task.Delay(wait, time, token);", 1)]
    [InlineData("src/EbpfLb.Http/X.cs", "if (time.GetUtcNow() - since > Limit) return;", 1)]
    [InlineData("src/EbpfLb.Timing/X.cs", "await Task.Delay(slice, time, token);", 0)]
    [InlineData("src/EbpfLb.Agent/X.cs", "await time.DelayAsync(period, token); // not Task.Delay", 0)]
    [InlineData("tests/EbpfLb.Agent.Tests/X.cs", "await Task.Delay(1);", 0)]
    public void A_wait_of_another_kind_is_found(string path, string text, int found)
        => Assert.Equal(found, Waiting.Violations(Tree((path, text))).Count());

    [Theory]
    [InlineData("src/EbpfLb.Agent/X.cs", "\"raise --max-flows\"", 1)]
    [InlineData("src/EbpfLb.Agent/X.cs", "$\"give --instance NAME\"", 1)]
    [InlineData("src/EbpfLb.Agent/X.cs", "$\"give {OptionNames.Instance} NAME\" // --instance", 0)]
    [InlineData("src/EbpfLb.Agent/X.cs", "new(\"--follow\")", 0)]
    [InlineData("src/EbpfLb.Agent/Commands/HelpExamples.cs", "\"ebpflb run --instance lab\"", 0)]
    [InlineData("src/EbpfLb.Agent/Commands/HelpExamples.cs", "\"ebpflb run --instanze lab\"", 1)]
    public void A_name_of_an_option_that_is_written_again_is_found(string path, string text, int found)
        => Assert.Equal(
            found,
            NamesOfOptions.Violations(Tree(("src/EbpfLb.Model/OptionNames.cs", "Instance = \"--instance\";"), (path, text))).Count());

    [Theory]
    [InlineData("src/EbpfLb.Model/X.cs", "unsafe class X;", 1)]
    [InlineData("src/EbpfLb.Datapath/X.cs", "static unsafe void F() { }", 1)]
    [InlineData("src/EbpfLb.Datapath/Tables/X.cs", "[LibraryImport(Library)]", 1)]
    [InlineData("src/EbpfLb.Kubernetes/X.cs", "[DllImport(Library)]", 1)]
    [InlineData("src/EbpfLb.Native/X.cs", "static unsafe partial class LibC { [LibraryImport(Library)] }", 0)]
    [InlineData("src/EbpfLb.Bpf/X.cs", "unsafe { }", 0)]
    [InlineData("src/EbpfLb.Model/X.cs", "// unsafe\nvar x = \"unsafe\"; /* unsafe */", 0)]
    public void Unsafe_code_in_the_wrong_place_is_found(string path, string text, int found)
        => Assert.Equal(found, UnsafeCode.Violations(Tree((path, text))).Count());

    [Theory]
    [InlineData("src/EbpfLb.Model/X.cs", "/// see contract section 5")]
    [InlineData("bpf/lib/lb_x.h", "lb_door_open(x);")]
    [InlineData("docs/maps.md", "The doors of the node")]
    [InlineData("tests/EbpfLb.E2E/X.cs", "public void It_is_no_trouble() {")]
    [InlineData("src/EbpfLb.Planning/X.cs", "private static readonly TimeSpan Patience = TimeSpan.Zero;")]
    [InlineData("src/EbpfLb.Planning/X.cs", "if (port.Elsewhere) return;")]
    [InlineData("bpf/lib/lb_x.h", "lb_ct_yield(pass);")]
    [InlineData("src/EbpfLb.Agent/X.cs", "\"no instance is there\"")]
    [InlineData("docs/operations.md", "drops are not told")]
    public void A_private_word_is_found(string path, string text) => Assert.Single(Words.Violations(Tree((path, text))));

    [Theory]
    [InlineData("docs/maps.md", "section 5 of the contract, recommended, outdoors, a straying amendment")]
    [InlineData("docs/install.md", "Elsewhere: mount it. Nothing comes of it; patience.")]
    [InlineData("tools/x.md", "a door")]
    public void Other_words_are_fine(string path, string text) => Assert.Empty(Words.Violations(Tree((path, text))));

    [Theory]
    [InlineData("[a](b.md#full-map)", 0)]
    [InlineData("[a](#here)", 0)]
    [InlineData("[a](b.md#gone)", 1)]
    [InlineData("[a](#gone)", 1)]
    public void A_link_to_a_heading_that_does_not_exist_is_found(string link, int found)
        => Assert.Equal(found, DocumentedAnchors.Violations(
            Tree(("docs/a.md", $"# Here\n{link}"), ("docs/b.md", "## `Full` map?\n"))).Count());
}
