using System.Text.RegularExpressions;

namespace EbpfLb.Architecture.Tests.Rules;

/// <summary>
/// Words that only this project would have: each was replaced by the term of Kubernetes, of the kernel or of networking
/// (docs/glossary.md), and does not come back.
/// </summary>
internal static partial class Words
{
    public static IEnumerable<string> Violations(SourceTree tree)
        => from file in tree.WithExtension(".cs", ".c", ".h", ".md")
           where file.Path == "README.md" || Folder().IsMatch(file.Path)
           where !file.Path.StartsWith("tests/EbpfLb.Architecture.Tests/", StringComparison.Ordinal)
           from line in file.Text.Split('\n').Select((text, index) => (Text: text, Number: index + 1))
           from Match word in Private().Matches(line.Text)
           select $"{file.Path}:{line.Number}: \"{word.Value}\"";

    [GeneratedRegex("^(src|tests|bpf|docs)/", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Folder();

    [GeneratedRegex(
        "(?<![A-Za-z])((?i:contract section|doors?|strays?|doom(ed)?|mend(s|ed|ing)?|complain(s|ed|ts?)?|troubles?|in vain)"
        + "(?![A-Za-z]))"
        + @"|lb_door\w*|lb_doomed|lb_svc_swept|lb_snat_clocks|lb_fe4|bad end(?![a-z])"
        + @"|\b(Door[A-Z]\w*|Disuse|RefillDoor|Doom\w*|IsDying|ServesAtItsEnd|KeptEndpoints|AllOthersOf|ClosedAddress|AddressCover"
        + @"|Settlement|PlannedEnd|HeldTable|NodeNeeds|NodeKeeper|NodeWait|NodeMemory|StaleRhythm"
        + @"|Complaint|BareOptionSet|FieldsMayGo|Sweeper|Youth|Patience|Objection|Merit|Meaningless|Revive|Refill\w*|wish(es)?)\b"
        + @"|lb_ct_yield|lb_walk\w*|[.`\x22]Elsewhere\b|bool Elsewhere\b|(?i:who finds himself|nobody is told|it is in the log)(?![a-z])"
        + "|no instance is there|nothing of instance|(drops|events|changes of the network) are not told|Else all is well|Nothing came\\."
        + "|PACKETS IN TROUBLE|Not in the kernel as wanted|Not served as written|What is not there is deleted well|Numbers will do",
        RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Private();
}
