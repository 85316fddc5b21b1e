using EbpfLb.Abi;
using EbpfLb.Datapath.Reasons;

namespace EbpfLb.Datapath.Tests.Reasons;

public sealed class ReasonCatalogTests
{
    [Fact]
    public void Every_reason_of_the_programs_is_in_words()
        => Assert.Equal(
            Enum.GetValues<LbReason>().Where(r => r is not (LbReason.None or LbReason.Max)).Order(),
            ReasonCatalog.All.Select(t => t.Reason));

    [Fact]
    public void Every_drop_says_what_to_do()
        => Assert.All(ReasonCatalog.All.Where(t => t.Kind == ReasonKind.Dropped), t => Assert.False(string.IsNullOrEmpty(t.Advice)));

    [Fact]
    public void A_reasons_name_and_its_kind_agree()
        => Assert.All(ReasonCatalog.All,
            t => Assert.Equal(t.Reason.ToString().StartsWith("Drop", StringComparison.Ordinal), t.Kind == ReasonKind.Dropped));

    [Fact]
    public void A_reason_of_a_newer_program_is_named_by_its_number()
        => Assert.Equal("reason 65, which this version does not know", ReasonCatalog.Of(LbReason.Max + 1).Meaning);
}
