using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EbpfLb.Architecture.Tests;

/// <summary>docs/dependencies.md against Directory.Packages.props and the projects.</summary>
public sealed partial class DependencyTests
{
    private static readonly SourceTree Repository = SourceTree.OfRepository();

    private static readonly List<(string Name, string Version, string Licence, bool IsInAgent)> Documented =
        [.. from Match row in Row().Matches(Repository.Files["docs/dependencies.md"])
            select (
                row.Groups["name"].Value, row.Groups["version"].Value, row.Groups["licence"].Value, row.Groups["agent"].Value == "yes")];

    [Fact]
    public void Every_package_is_documented_with_its_version_and_no_other_is()
    {
        var packages = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .Select(p => ((string)p.Attribute("Include")!, (string)p.Attribute("Version")!)).ToList();
        Assert.True(packages.Count > 5);
        Assert.Equal(packages.Order(), Documented.Select(d => (d.Name, d.Version)).Order());
    }

    [Fact]
    public void Every_licence_is_one_that_may_be_linked_into_the_agent()
        => Assert.All(Documented, d => Assert.Contains(d.Licence, (string[])["MIT", "Apache-2.0", "BSD-3-Clause"]));

    [Fact]
    public void What_is_said_to_be_in_the_agent_is_referenced_by_a_project_of_src_and_what_is_not_by_none()
    {
        var used = Repository.WithExtension(".csproj").Where(file => file.Path.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(file
                => XDocument.Parse(file.Text).Descendants("PackageReference").Select(p => (string)p.Attribute("Include")!)).ToHashSet();
        Assert.Equal(used.Order(), Documented.Where(d => d.IsInAgent).Select(d => d.Name).Order());
    }

    /// <summary>"| name | what for | 1.2.3 | MIT | yes |"</summary>
    [GeneratedRegex(@"^\| (?<name>[\w.-]+) \| [^|]+ \| (?<version>[\d.]+) \| (?<licence>[\w.-]+) \| (?<agent>yes|no) \|$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Row();
}
