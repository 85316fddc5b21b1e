namespace EbpfLb.Bpf.Tests.Maps;

public sealed class PossibleCpusTests
{
    [Theory]
    [InlineData("0\n", 1)]
    [InlineData("0-3\n", 4)]
    [InlineData("0,2-127\n", 128)]
    [InlineData("0-1,5\n", 6)]
    public void Numbers_of_CPUs_go_up_to_the_highest_whatever_is_left_out(string list, int numbers)
        => Assert.Equal(numbers, PossibleCpus.NumbersOf(list));

    [Fact]
    public void This_machine_has_at_least_as_many_numbers_as_CPUs()
        => Assert.InRange(PossibleCpus.Numbers(), PossibleCpus.Count(), int.MaxValue);
}
