using EbpfLb.Architecture.Tests.Rules;

namespace EbpfLb.Architecture.Tests;

/// <summary>The page of conformance, made from a contract and tests that are written here.</summary>
public sealed class ConformanceTests
{
    private const string Contract
        = "# The contract\n\n## 1. What is watched\n\n## 2. Policies\n\n### 2.1 Which applies\n\n## 19. Missed\n\n1. A rule.\n";

    private const string Proofs = """
        [Contract("1", "a \"quoted\" | rule "
            + "of two lines")]
        public sealed class WatchTests
        {
            [Contract("2.1", "the policy applies")]
            [Fact]
            public async Task It_applies()

            [Contract("19.1", "a rule")]
            [Theory]
            public void A_rule_holds(int x)

        """;

    private static SourceTree Tree(string contract, string tests, string exceptions = "") => new(new Dictionary<string, string>
    {
        ["docs/contract.md"] = contract,
        [ConformancePage.Exceptions] = exceptions,
        ["tests/EbpfLb.E2E/WatchTests.cs"] = tests,
    });

    [Fact]
    public void Rules_stand_below_their_section_with_the_tests_that_prove_them()
    {
        var tree = Tree(Contract, Proofs);

        Assert.Empty(ConformancePage.Violations(tree));
        Assert.EndsWith("""

            ## 1 What is watched

            | rule | tests |
            |---|---|
            | a "quoted" \| rule of two lines | `WatchTests` |

            ## 2 Policies


            ### 2.1 Which applies

            | rule | tests |
            |---|---|
            | the policy applies | `WatchTests.It_applies` |

            ## 19 Missed

            | rule | tests |
            |---|---|
            | 19.1: a rule | `WatchTests.A_rule_holds` |

            """, ConformancePage.Write(tree), StringComparison.Ordinal);
    }

    [Fact]
    public void A_section_without_a_test_is_named_unless_the_exceptions_say_why()
    {
        var contract = Contract + "\n## 20. Nobody proves this\n";

        Assert.Contains("[Contract(\"20\"", Assert.Single(ConformancePage.Violations(Tree(contract, Proofs))), StringComparison.Ordinal);
        Assert.EndsWith("\nNot shown by a test.\n", ConformancePage.Write(Tree(contract, Proofs)), StringComparison.Ordinal);
        Assert.Empty(ConformancePage.Violations(Tree(contract, Proofs, "| 20 | all of it | no kernel has it |\n")));
    }

    [Fact]
    public void A_section_that_the_contract_does_not_have_is_named()
        => Assert.Single(
            ConformancePage.Violations(Tree(Contract, Proofs.Replace("\"2.1\", ", "\"2.7\", ", StringComparison.Ordinal)
                + "    [Contract(\"2.1\", \"x\")]\n    public void X()\n")));
}
