using System.Text.RegularExpressions;
using EbpfLb.AbiGen;
using EbpfLb.Bpf;
using EbpfLb.Bpf.Btf;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Abi.Tests;

public sealed partial class GeneratedFilesTests
{
    [Fact]
    public void The_committed_files_are_what_abigen_writes()
    {
        var directory = Path.Combine(RepositoryPaths.Root, "src", "EbpfLb.Abi");

        foreach (var (name, text) in Generator.Generate(BuiltObject.Bytes()))
        {
            var committed = File.ReadAllText(Path.Combine(directory, name));
            Assert.True(
                committed == text, $"src/EbpfLb.Abi/{name} is not what the BPF object says: run \"make abi\" and commit the result");
        }
    }

    [Fact]
    public void The_page_of_the_maps_is_what_abigen_writes()
    {
        var header = MapsPage.Read(Path.Combine(RepositoryPaths.Root, "bpf", "include", "lb_maps.h"));

        var page = MapsPage.Emit(BuiltObject.Bytes(), header);

        Assert.True(
            File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "maps.md")) == page,
            "docs/maps.md is not what lb_maps.h says: run \"make abi\" and commit the result");
        Assert.DoesNotContain("|  |", page);
    }

    [Fact]
    public void Nothing_else_claims_to_be_generated()
    {
        var files = Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "src", "EbpfLb.Abi"), "*.g.cs").Select(Path.GetFileName);

        Assert.Equal(Generator.Generate(BuiltObject.Bytes()).Keys.Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_struct_and_enum_of_the_header_is_in_the_object()
    {
        var header = string.Concat(
            Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, "bpf", "include"), "lb_abi*.h").Select(File.ReadAllText));
        var declared = Declarations().Matches(header).Select(match => match.Groups["name"].Value).ToList();

        var known = AbiFingerprint.Roots(BuiltObject.Types(), "lb_").Select(type => type.Name);

        Assert.NotEmpty(declared);
        // A missing enum is added to bpf/prog/abi.bpf.c, a missing struct to a map or a program.
        Assert.Empty(declared.Except(known));
    }

    [Fact]
    public void The_hashes_are_those_of_the_object()
    {
        Assert.Equal(AbiInfo.Hash, AbiFingerprint.Compute(BuiltObject.Types(), "lb_"));
        Assert.Equal(AbiInfo.MapsHash, AbiFingerprint.ComputeMaps(BuiltObject.Types(), "lb_"));
    }

    [GeneratedRegex(@"^(?:struct|enum) (?<name>lb_\w+) \{",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Declarations();

    /// <summary>The generator reads the file, the loader asks libbpf, which puts in what the compiler leaves open.</summary>
    [Fact]
    public void The_types_that_libbpf_has_of_the_object_are_those_of_the_file()
    {
        using var opened = BpfObject.Open(BuiltObject.Bytes());
        Assert.Equal(AbiInfo.Hash, AbiFingerprint.Compute(opened.Types, "lb_"));
        Assert.Equal(Knob.Read(BuiltObject.Types()), Knob.Read(opened.Types));
    }
}
